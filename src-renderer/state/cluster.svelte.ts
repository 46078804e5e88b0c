import { Folding } from '@core/events/fold'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { emptyState, type State } from '@core/state/state'
import type { Api } from '../api/access'
import { serverSentEvents } from '../api/server-sent-events'
import { beforeNextPicture } from './frames'
import { LiveState } from './live-state.svelte'

/** `unreachable`: what is shown may be out of date. `signedOut`: the node answers, but wants to know who asks. */
export type Connection = 'starting' | 'connected' | 'unreachable' | 'signedOut'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 5000
/** A node that starts at the same time as the page has this long before that is called unreachable. */
const STARTING_MS = 4000
/** Nodes send a comment every 15 s. */
const SILENCE_MS = 40_000

/** So long events are read and folded between two pictures: the rest of 16 ms is for drawing. */
const FOLDING_MS = 6

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
  /** Called with each state that is shown, for what is to be remembered of it. */
  readonly onFolded?: (state: State) => void
}

/**
 * A read-only picture of the cluster: a snapshot and the events after it, folded as the node folds them. However many
 * come at once, they are shown once per picture.
 */
export class Cluster {
  private readonly live = new LiveState()
  connection: Connection = $state('starting')
  /** When something came last: what is shown is as of then. */
  heardAt = $state(Date.now())
  /** Whether there was ever anything to show. */
  readonly known = $derived(this.live.state.lastEventIndex > 0)
  private folding = new Folding(emptyState())
  /** What has come and is not folded yet. */
  private waiting: string[] = []
  private callOff: (() => void) | undefined
  private readonly stopped = new AbortController()
  private stream = new AbortController()
  /** Whether the next attempt may go on after what is known, instead of beginning with a snapshot. */
  private resumable = false

  constructor(private readonly options: ClusterOptions) {
    void this.follow()
  }

  /** Always the same object; its families change. */
  get state(): State {
    return this.live.state
  }

  close(): void {
    this.stopped.abort()
    this.stream.abort()
    this.callOff?.()
  }

  private async follow(): Promise<void> {
    const { signal } = this.stopped
    let wait = FIRST_RETRY_MS
    let waited = 0
    while (!signal.aborted) {
      let refused = false
      this.stream = new AbortController()
      try {
        const response = await this.options.api.request(this.path(), { signal })
        refused = response.status === UNAUTHORIZED
        if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
        for await (const data of serverSentEvents(response.body, {
          silenceMs: SILENCE_MS,
          signal: this.stream.signal,
        })) {
          this.take(data)
          wait = FIRST_RETRY_MS
        }
      } catch {
        // Whatever it was, the next attempt begins with what is missing or with a snapshot.
      }
      if (signal.aborted) return
      // The next attempt begins after what was folded.
      this.waiting = []
      const patient = this.connection === 'starting' && waited < STARTING_MS
      this.connection = refused ? 'signedOut' : patient ? 'starting' : 'unreachable'
      await pause(wait, signal)
      waited += wait
      wait = Math.min(LONGEST_RETRY_MS, wait * 2)
    }
  }

  private path(): string {
    const { lastEventIndex, term } = this.folding.state
    return this.resumable ? `/events?after=${lastEventIndex}&term=${term}` : '/events'
  }

  private take(data: string): void {
    this.waiting.push(data)
    this.callOff ??= beforeNextPicture(() => this.catchUp())
  }

  /** Folds as much as there is time for, and shows it. */
  private catchUp(): void {
    this.callOff = undefined
    const until = performance.now() + FOLDING_MS
    let taken = 0
    try {
      for (const data of this.waiting) {
        this.fold(data)
        taken += 1
        if (performance.now() > until) break
      }
    } catch {
      this.stream.abort()
      taken = this.waiting.length
    }
    this.waiting = this.waiting.slice(taken)
    const { state } = this.folding
    this.live.show(state)
    this.options.onFolded?.(state)
    if (!this.stream.signal.aborted) this.connection = 'connected'
    this.heardAt = Date.now()
    if (this.waiting.length > 0) this.callOff = beforeNextPicture(() => this.catchUp())
  }

  private fold(data: string): void {
    // An event that is not understood cannot be left out: then the node's own state has to be taken.
    this.resumable = false
    const message = EventStreamMessage.parse(JSON.parse(data))
    this.resumable = true
    switch (message.kind) {
      case 'snapshot':
        this.folding = new Folding(message.state)
        this.options.onSnapshot?.()
        return
      case 'event':
        this.folding.fold(message.envelope)
        return
    }
  }
}
