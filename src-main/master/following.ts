import type { Envelope } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { WatchItem } from '@core/protocols/peer'
import type { State } from '@core/state/state'
import { wait, type Timers } from '@core/time/timers'
import type { Projection } from './projection'

/** A follower with more unsent events than this gets the whole state instead. */
const MAX_BACKLOG = 5000
/** Delay before a lost subscription is renewed. */
const RETRY_MS = 200

export interface FollowingOptions {
  readonly master: NodeId
  readonly term: number
  readonly projection: Projection
  /** Subscribes to the leader's state and events. The iteration may end or reject at any time. */
  readonly watch: (master: NodeId, term: number, signal: AbortSignal) => AsyncIterable<WatchItem>
  /** The leader's state has replaced the projection's. */
  readonly onState: () => void
  readonly timers: Timers
  readonly log: { warn(fields: object, message: string): void }
}

/**
 * Keeps the projection equal to the state of the leader of a term: subscribes, and resubscribes after errors. Returns the
 * function that stops it.
 */
export const follow = (options: FollowingOptions): (() => void) => {
  const stop = new AbortController()
  void run(options, stop.signal)
  return () => stop.abort()
}

const run = async (options: FollowingOptions, signal: AbortSignal): Promise<void> => {
  const { master, term, watch, timers, log } = options
  while (!signal.aborted) {
    try {
      for await (const item of watch(master, term, signal)) {
        if (signal.aborted) return
        apply(options, item)
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ err, master, term }, 'the master’s events were lost; they are asked for again')
    }
    await wait(timers, RETRY_MS)
  }
}

/** Throws if the item does not belong to the term or an event is missing; the subscription then starts over. */
const apply = ({ projection, term, onState }: FollowingOptions, item: WatchItem): void => {
  if (item.kind === 'state') {
    if (item.state.term !== term) throw new Error(`a state of term ${item.state.term} came in term ${term}`)
    projection.replace(item.state)
    onState()
    return
  }
  for (const envelope of item.envelopes)
    if (!projection.foldReceived(envelope))
      throw new Error(`event ${envelope.index} of term ${envelope.term} is out of order`)
  projection.notify()
}

/**
 * The stream of one follower's subscription: the leader's state, then batches of events as fast as the consumer takes
 * them. If more than `MAX_BACKLOG` events are unsent, or the state was replaced, the whole state follows. Ends with
 * `signal`.
 */
export async function* followerStream(projection: Projection, signal: AbortSignal): AsyncGenerator<WatchItem> {
  let backlog: Envelope[] = []
  let sendsState = true
  let wake = (): void => undefined
  const onAbort = (): void => wake()
  const unsubscribe = projection.subscribe({
    event: (envelope) => {
      backlog.push(envelope)
      if (backlog.length > MAX_BACKLOG) {
        backlog = []
        sendsState = true
      }
      wake()
    },
    reset: () => {
      backlog = []
      sendsState = true
      wake()
    },
  })
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    while (!signal.aborted) {
      if (sendsState) {
        sendsState = false
        backlog = []
        const state: State = projection.state()
        yield { kind: 'state', state }
      } else if (backlog.length > 0) {
        const envelopes = backlog
        backlog = []
        yield { kind: 'events', envelopes }
      } else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', onAbort)
  }
}
