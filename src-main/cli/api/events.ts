import { setTimeout as wait } from 'node:timers/promises'
import { fold } from '@core/fold/index'
import { EventStreamMessage } from '@core/protocols/event-stream'
import type { State } from '@core/state/state'
import { CommandError, UNREACHABLE } from '../exit-codes'
import type { NodeApi } from './node-api'
import { serverSentEvents } from './server-sent-events'

const RETRY_MS = 1000

export interface Followed {
  /** `term:index`, the position to resume from. */
  readonly id: string | undefined
  readonly message: EventStreamMessage
}

export interface Following {
  readonly signal?: AbortSignal
  /** Position to start after; absent: start with a snapshot. */
  readonly after?: { readonly index: number; readonly term: number }
  /** Called when the connection is lost, before reconnecting. */
  readonly onLost: (text: string) => Promise<void>
}

const isUnreachable = (error: unknown): boolean => !(error instanceof CommandError) || error.exitCode === UNREACHABLE

/**
 * Follows the node's event stream, resuming after a lost connection or a restart of the node. If the first connection
 * fails, throws.
 */
export async function* followEvents(api: NodeApi, { signal, after, onLost }: Following): AsyncGenerator<Followed> {
  let last = after && `${after.term}:${after.index}`
  for (let began = false; !signal?.aborted;) {
    try {
      const [term, index] = last?.split(':') ?? []
      const from = last === undefined ? '' : `?after=${index ?? ''}&term=${term ?? ''}`
      const response = await api.open(`/events${from}`, { withinMs: Infinity, ...(signal && { signal }) })
      began = true
      for await (const { id, data } of serverSentEvents(response)) {
        const { data: message, error } = EventStreamMessage.safeParse(JSON.parse(data))
        if (error)
          throw new CommandError('The node’s events are not understood', {
            hint: 'Use the `muster` of the same version as the node.',
          })
        last = id ?? last
        yield { id, message }
      }
    } catch (error) {
      if (signal?.aborted) return
      if (!began || !isUnreachable(error)) throw error
    }
    if (signal?.aborted) return
    await onLost(`The connection to ${api.address} was lost; waiting for the node to come back …`)
    await wait(RETRY_MS, undefined, { ...(signal && { signal }) }).catch(() => undefined)
  }
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
