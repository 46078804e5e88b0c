import type { Envelope } from '@core/events/event'
import { fold } from '@core/fold/fold'
import { RecentEvents } from '@core/protocols/event-stream'
import { followEvents } from '../api/events'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { eventText } from '../text/event-text'
import { timeText } from '../text/units'

export interface EventsOptions extends CommonOptions {
  readonly follow: boolean
  /** How many of the past. */
  readonly lines: number
}

/**
 * What happened lately, and with `follow` what goes on, across restarts of the node. JSON: one envelope in each line.
 * A node forgets with a restart what happened before it.
 */
export const run = async (
  { follow, lines, json }: EventsOptions,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const { events } = await api.ask(`/events/recent?last=${lines}`, RecentEvents)
  // Names are looked up in it: of what is gone since only the id is left.
  let state = await readState(api)
  const print = async (envelope: Envelope): Promise<void> => {
    if (json) await out.json(envelope)
    else await out.line({ text: timeText(envelope.at), style: 'dim' }, `  ${eventText(state, envelope)}`)
  }
  for (const envelope of events) await print(envelope)
  if (!follow) return DONE
  const last = events.at(-1)
  const after = last ? { index: last.index, term: last.term } : { index: state.lastEventIndex, term: state.term }
  for await (const { message } of followEvents(api, { after, onLost: (text) => err.line(text) })) {
    if (message.kind === 'snapshot') {
      state = message.state
      await err.line('The node is back. What happened meanwhile is not known to it.')
    } else {
      const { envelope } = message
      if (envelope.index > state.lastEventIndex) state = fold(state, envelope)
      await print(envelope)
    }
  }
  return DONE
}
