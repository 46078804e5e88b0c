import type { Envelope } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { WatchItem } from '@core/protocols/peer'
import type { State } from '@core/state/state'
import { wait, type Timers } from '@core/time/timers'
import type { Projection } from './projection'

/** More events than this that a follower has not taken yet are told as a state instead. */
const MOST_UNTAKEN = 5000
const AGAIN_MS = 200

export interface FollowingOptions {
  readonly master: NodeId
  readonly term: number
  readonly projection: Projection
  readonly watch: (master: NodeId, term: number, signal: AbortSignal) => AsyncIterable<WatchItem>
  readonly onState: () => void
  readonly timers: Timers
  readonly log: { warn(fields: object, message: string): void }
}

/** Keeps this node's state what that master in that term says it is, until it is stopped. */
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
        take(options, item)
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ err, master, term }, 'the master’s events were lost; they are asked for again')
    }
    await wait(timers, AGAIN_MS)
  }
}

const take = ({ projection, term, onState }: FollowingOptions, item: WatchItem): void => {
  if (item.kind === 'state') {
    // Of another term: whoever sent it does not lead this node.
    if (item.state.term !== term) throw new Error(`a state of term ${item.state.term} came in term ${term}`)
    projection.replace(item.state)
    onState()
    return
  }
  for (const envelope of item.envelopes)
    if (!projection.take(envelope)) throw new Error(`event ${envelope.index} of term ${envelope.term} is out of order`)
  projection.sendOn()
}

/** What one follower is told: the state, then what happens, as fast as it takes it. Ends with the signal. */
export async function* tell(projection: Projection, signal: AbortSignal): AsyncGenerator<WatchItem> {
  let untaken: Envelope[] = []
  let whole = true
  let wake = (): void => undefined
  const look = (): void => wake()
  const unsubscribe = projection.subscribe({
    event: (envelope) => {
      untaken.push(envelope)
      if (untaken.length > MOST_UNTAKEN) {
        untaken = []
        whole = true
      }
      wake()
    },
    reset: () => {
      untaken = []
      whole = true
      wake()
    },
  })
  signal.addEventListener('abort', look, { once: true })
  try {
    while (!signal.aborted) {
      if (whole) {
        whole = false
        untaken = []
        const state: State = projection.state()
        yield { kind: 'state', state }
      } else if (untaken.length > 0) {
        const envelopes = untaken
        untaken = []
        yield { kind: 'events', envelopes }
      } else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', look)
  }
}
