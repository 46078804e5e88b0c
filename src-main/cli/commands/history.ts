import type { HistoryEvent } from '@core/events/history-event'
import { findDeclaration, readHistory } from '../api/declarations'
import { readState } from '../api/state'
import type { CommandContext } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { eventText } from '../text/event-text'
import { timeText } from '../text/units'
import type { NamedOptions } from './declaration-change'

const timesText = ({ repeated }: HistoryEvent): string =>
  repeated ? ` (${repeated.times} times since ${timeText(repeated.since)})` : ''

/** Prints decisions about a declaration, oldest first. */
export const run = async ({ name, json }: NamedOptions, { api, out }: CommandContext): Promise<ExitCode> => {
  const { metaInstanceId: id } = await findDeclaration(api, name)
  const [newestFirst, state] = await Promise.all([readHistory(api, id), readState(api)])
  const events = [...newestFirst].reverse()
  if (json) await out.json({ id, events })
  else
    await out.lines(
      events.map((one) => [{ text: timeText(one.at), style: 'dim' }, `  ${eventText(state, one)}${timesText(one)}`]),
    )
  return DONE
}
