import type { HistoryDay, HistoryEvent } from '@core/events/history-event'
import { findDeclaration, readHistory } from '../api/declarations'
import { readState } from '../api/state'
import type { CommandContext } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { eventText } from '../text/event-text'
import { timeText } from '../text/units'
import type { NamedOptions } from './declaration-change'

const timesText = ({ repeated }: HistoryEvent): string =>
  repeated ? ` (${repeated.times} times since ${timeText(repeated.since)})` : ''

const dayText = ({ events, failures, reason }: HistoryDay): string => {
  const decisions = `${events} ${events === 1 ? 'decision' : 'decisions'}`
  if (failures === 0) return decisions
  return `${decisions}, ${failures} ${failures === 1 ? 'failure' : 'failures'}${reason === undefined ? '' : `: ${reason}`}`
}

/** Prints decisions about a declaration, oldest first. */
export const run = async ({ name, json }: NamedOptions, { api, out }: CommandContext): Promise<ExitCode> => {
  const { metaInstanceId: id } = await findDeclaration(api, name)
  const [history, state] = await Promise.all([readHistory(api, id), readState(api)])
  const [events, days] = [[...history.events].reverse(), [...history.days].reverse()]
  if (json) await out.json({ id, events, days })
  else
    await out.lines([
      ...days.map((one) => [{ text: one.day, style: 'dim' }, `  ${dayText(one)}`] as const),
      ...events.map(
        (one) => [{ text: timeText(one.at), style: 'dim' }, `  ${eventText(state, one)}${timesText(one)}`] as const,
      ),
    ])
  return DONE
}
