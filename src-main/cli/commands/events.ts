import type { Envelope } from '@core/events/event'
import { fold } from '@core/fold/index'
import { RecentEvents } from '@core/protocols/event-stream'
import { followEvents } from '../api/events'
import { readState } from '../api/state'
import type { CommandContext, CommonOptions } from '../context'
import { DONE, type ExitCode } from '../exit-codes'
import { eventText } from '../text/event-text'
import { timeText } from '../text/units'

export interface EventsOptions extends CommonOptions {
  readonly follow: boolean
  /** Number of past events. */
  readonly lines: number
  /** Include the periodic reports of machines. */
  readonly all: boolean
}

/** Limit of past events of the node. */
const MOST_PAST = 10_000
/** Past events to request per line to print: most events are periodic reports of machines, which are not printed. */
const PER_LINE = 20

/** Load and free memory of a machine: `muster top` shows them, and they would drown out all other events. */
const isPeriodic = ({ event }: Envelope): boolean => event.type === 'NodeGatheredInfo'

/**
 * Prints recent events, and with `follow` new ones, across restarts of the node. JSON: every envelope, one per line. A
 * node's past events start at its last restart.
 */
export const run = async (
  { follow, lines, all, json }: EventsOptions,
  { api, out, err }: CommandContext,
): Promise<ExitCode> => {
  const isShown = (envelope: Envelope): boolean => all || json || !isPeriodic(envelope)
  const wanted = all || json ? lines : Math.min(MOST_PAST, lines * PER_LINE)
  const { events } = await api.ask(`/events/recent?last=${wanted}`, RecentEvents)
  // For looking up names; of deleted objects only the ids are known.
  let state = await readState(api)
  const print = async (envelope: Envelope): Promise<void> => {
    if (json) await out.json(envelope)
    else await out.line({ text: timeText(envelope.at), style: 'dim' }, `  ${eventText(state, envelope)}`)
  }
  for (const envelope of lines === 0 ? [] : events.filter(isShown).slice(-lines)) await print(envelope)
  if (!follow) return DONE
  const last = events.at(-1)
  const after = last ? { index: last.index, term: last.term } : { index: state.lastEventIndex, term: state.term }
  for await (const { message } of followEvents(api, { after, onLost: (text) => err.line(text) })) {
    if (message.kind === 'snapshot') {
      state = message.state
      await err.line('The node is back. Events in between are missing.')
    } else {
      const { envelope } = message
      if (envelope.index > state.lastEventIndex) state = fold(state, envelope)
      if (isShown(envelope)) await print(envelope)
    }
  }
  return DONE
}
