import { fold } from '@core/events/fold'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { emptyState, type State } from '@core/state/state'
import type { Api } from '../api/access'
import { serverSentEvents } from '../api/server-sent-events'

/** `unreachable`: what is shown may be out of date. `signedOut`: the node answers, but wants to know who asks. */
export type Connection = 'starting' | 'connected' | 'unreachable' | 'signedOut'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5000
/** A node that starts at the same time as the page has this long before that is called unreachable. */
const STARTING_MS = 4000
/** Nodes send a comment every 15 s. */
const SILENCE_MS = 40_000

const UNAUTHORIZED = 401

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })

export interface ClusterOptions {
  readonly api: Pick<Api, 'request'>
  /** Called after each snapshot: what does not come with events may have changed as well. */
  readonly onSnapshot?: () => void
}

/** A read-only picture of the cluster: a snapshot and the events after it, folded as the node folds them. */
export class Cluster {
  state: State = $state.raw(emptyState())
  connection: Connection = $state('starting')
  /** Whether there was ever anything to show. */
  readonly known = $derived(this.state.lastEventIndex > 0)
  private readonly stopped = new AbortController()
  /** Whether the next attempt may go on after what is known, instead of beginning with a snapshot. */
  private resumable = false

  constructor(private readonly options: ClusterOptions) {
    void this.follow()
  }

  close(): void {
    this.stopped.abort()
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped
    let wait = FIRST_RETRY_MS
    let waited = 0
    while (!signal.aborted) {
      let refused = false
      try {
        const response = await this.options.api.request(this.path(), { signal })
        refused = response.status === UNAUTHORIZED
        if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
        for await (const data of serverSentEvents(response.body, { silenceMs: SILENCE_MS })) {
          this.take(data)
          this.connection = 'connected'
          wait = FIRST_RETRY_MS
        }
      } catch {
        // Whatever it was, the next attempt begins with what is missing or with a snapshot.
      }
      if (signal.aborted) return
      const patient = this.connection === 'starting' && waited < STARTING_MS
      this.connection = refused ? 'signedOut' : patient ? 'starting' : 'unreachable'
      await pause(wait, signal)
      waited += wait
      wait = Math.min(LONGEST_RETRY_MS, wait * 2)
    }
  }

  private path(): string {
    const { lastEventIndex, term } = this.state
    return this.resumable ? `/events?after=${lastEventIndex}&term=${term}` : '/events'
  }

  private take(data: string): void {
    // An event that is not understood cannot be left out: then the node's own state has to be taken.
    this.resumable = false
    const message = EventStreamMessage.parse(JSON.parse(data))
    this.resumable = true
    switch (message.kind) {
      case 'snapshot':
        this.state = message.state
        this.options.onSnapshot?.()
        return
      case 'event':
        this.state = fold(this.state, message.envelope)
        return
    }
  }
}
