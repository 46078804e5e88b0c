import { fold } from '@core/events/fold'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { emptyState, type State } from '@core/state/state'
import type { Api } from '../api/access'
import { serverSentEvents } from '../api/server-sent-events'

export type Connection = 'starting' | 'connected' | 'unreachable'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5000

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** A read-only picture of the cluster: a snapshot and the events after it, folded as the node folds them. */
export class Cluster {
  state: State = $state.raw(emptyState())
  connection: Connection = $state('starting')
  private readonly stopped = new AbortController()

  constructor(private readonly api: Api) {
    void this.follow()
  }

  close(): void {
    this.stopped.abort()
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped
    let wait = FIRST_RETRY_MS
    while (!signal.aborted) {
      try {
        const response = await this.api.fetch(this.path(), { signal })
        if (!response.body) throw new Error('no stream')
        for await (const data of serverSentEvents(response.body)) {
          this.take(EventStreamMessage.parse(JSON.parse(data)))
          this.connection = 'connected'
          wait = FIRST_RETRY_MS
        }
      } catch {
        // Whatever it was, the next attempt begins with what is missing or with a snapshot.
      }
      if (signal.aborted) return
      this.connection = this.connection === 'starting' ? 'starting' : 'unreachable'
      await pause(wait, signal)
      if (wait >= LONGEST_RETRY_MS) this.connection = 'unreachable'
      wait = Math.min(LONGEST_RETRY_MS, wait * 2)
    }
  }

  private path(): string {
    const { lastEventIndex, term } = this.state
    return lastEventIndex === 0 ? '/events' : `/events?after=${lastEventIndex}&term=${term}`
  }

  private take(message: EventStreamMessage): void {
    switch (message.kind) {
      case 'snapshot':
        this.state = message.state
        return
      case 'event':
        this.state = fold(this.state, message.envelope)
        return
    }
  }
}
