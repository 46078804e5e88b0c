import type { Api } from '../api/access'
import { serverSentMessages } from '../api/server-sent-events'
import type { Feed, FeedMessage, Reach } from './feed'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5000
/** Grace period before a node that starts together with the page counts as unreachable. */
const STARTING_MS = 4000
/** Nodes send a keep-alive comment every 15 s. */
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

/**
 * Shares the node's event stream between listeners while there are any. A lost stream resumes after the last event. It
 * restarts with a snapshot for all listeners when one joins, or reports that it could not process an event.
 */
export class EventFeed implements Feed {
  private readonly listeners = new Set<(message: FeedMessage) => void>()
  private following: AbortController | undefined
  private stream = new AbortController()
  /** Position of the last event, `term:index`. */
  private position: string | undefined
  /** The connection problem to report; undefined while the stream is open. */
  private reach: Reach | undefined = 'starting'
  /** Skips the delay before the next attempt. */
  private joined = false

  constructor(private readonly api: Pick<Api, 'request'>) {}

  listen(listener: (message: FeedMessage) => void): () => void {
    this.listeners.add(listener)
    if (!this.following) {
      this.following = new AbortController()
      void this.follow(this.following.signal)
    } else if (this.reach === undefined) {
      this.joined = true
      this.restart()
    } else if (this.reach !== 'starting') {
      // Resuming would leave out the snapshot, which the new listener lacks.
      this.restart()
      listener({ kind: 'reach', reach: this.reach })
    }
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size === 0) this.close()
    }
  }

  restart(): void {
    this.position = undefined
    this.stream.abort()
  }

  close(): void {
    this.following?.abort()
    this.following = undefined
    this.restart()
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let wait = FIRST_RETRY_MS
    let waited = 0
    this.reach = 'starting'
    while (!signal.aborted) {
      const stream = (this.stream = new AbortController()).signal
      let refused = false
      try {
        const response = await this.api.request(this.path(), { signal })
        refused = response.status === UNAUTHORIZED
        if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
        for await (const { event, id, data } of serverSentMessages(response.body, {
          silenceMs: SILENCE_MS,
          signal: stream,
        })) {
          // The stream was abandoned: ignore the rest.
          if (stream.aborted) break
          if (id !== undefined) this.position = id
          this.reach = undefined
          wait = FIRST_RETRY_MS
          this.notify({ kind: event === 'cluster' ? 'cluster' : 'state', data })
        }
      } catch {
        // Any error: the next attempt resumes, or starts with a snapshot.
      }
      if (signal.aborted) return
      if (this.joined) {
        this.joined = false
        continue
      }
      const patient: boolean = this.reach === 'starting' && waited < STARTING_MS
      this.reach = refused ? 'signedOut' : patient ? 'starting' : 'unreachable'
      this.notify({ kind: 'reach', reach: this.reach })
      await pause(wait, signal)
      waited += wait
      wait = Math.min(LONGEST_RETRY_MS, wait * 2)
    }
  }

  private path(): string {
    const [term, index] = this.position?.split(':') ?? []
    return term === undefined || index === undefined
      ? '/events?cluster=true'
      : `/events?cluster=true&after=${index}&term=${term}`
  }

  private notify(message: FeedMessage): void {
    for (const listener of this.listeners) listener(message)
  }
}
