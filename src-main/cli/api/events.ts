import { fold } from '@core/fold/index'
import { EventStreamMessage } from '@core/protocols/event-stream'
import type { State } from '@core/state/state'
import { CommandError } from '../exit-codes'
import type { NodeApi } from './node-api'
import { reconnecting, type Reconnecting } from './reconnecting'
import { serverSentEvents } from './server-sent-events'

export interface Followed {
  /** `term:index`, the position to resume from. */
  readonly id: string | undefined
  readonly message: EventStreamMessage
}

export interface Following extends Reconnecting {
  /** Position to start after; absent: start with a snapshot. */
  readonly after?: { readonly index: number; readonly term: number }
}

/** Follows the node's event stream across reconnects (see `reconnecting`); each event appears once. */
export const followEvents = (api: NodeApi, { after, ...following }: Following): AsyncGenerator<Followed> => {
  const { signal } = following
  let last = after && `${after.term}:${after.index}`
  return reconnecting(api, following, async function* (connected) {
    const [term, index] = last?.split(':') ?? []
    const from = last === undefined ? '' : `?after=${index ?? ''}&term=${term ?? ''}`
    const response = await api.open(`/events${from}`, { withinMs: Infinity, ...(signal && { signal }) })
    connected()
    for await (const { id, data } of serverSentEvents(response)) {
      const { data: message, error } = EventStreamMessage.safeParse(JSON.parse(data))
      if (error)
        throw new CommandError('The node sent an event in an unknown format', {
          hint: 'Use the `muster` of the same version as the node.',
        })
      last = id ?? last
      yield { id, message }
    }
  })
}

/** Yields each state of the node. */
export async function* followStates(api: NodeApi, following: Omit<Following, 'after'>): AsyncGenerator<State> {
  let state: State | undefined
  for await (const { message } of followEvents(api, following)) {
    if (message.kind === 'snapshot') state = message.state
    else if (state) state = fold(state, message.envelope)
    if (state) yield state
  }
}
