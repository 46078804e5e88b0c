import type { Envelope } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { EventStreamMessage } from '@core/protocols/event-stream'
import { emptyState, type State } from '@core/state/state'
import type { Feed, Reach } from '../feed/feed'
import { beforeNextFrame, inNextTask } from './frames'
import { LiveState } from './live-state.svelte'
import { parseInSteps } from './parse-in-steps'

export type Connection = Reach | 'connected'

/** Time budget per frame for parsing and folding events; the rest of 16 ms is for drawing. */
const FOLDING_MS = 6
/** Characters. Longer messages, snapshots of large clusters, are read in several tasks. */
const LONG = 50_000
/** Time budget per task for that: less than what users notice. */
const READING_MS = 25

interface Reading {
  readonly steps: Generator<undefined, EventStreamMessage>
  message?: EventStreamMessage
}

export interface ClusterOptions {
  readonly feed: Pick<Feed, 'listen' | 'restart'>
  /** Called after each snapshot, for data that does not come as events. */
  readonly onSnapshot?: () => void
  /** Called with each shown state, for consumers that keep a history of it. */
  readonly onFolded?: (state: State) => void
}

/** Told of events as they are folded. */
export interface FoldListener {
  readonly event: (envelope: Envelope) => void
  /** The state was replaced: events in between were not told. */
  readonly snapshot: () => void
}

/**
 * The cluster's state, read-only: a snapshot with later events folded in as the node folds them. Updates are batched
 * per frame.
 */
export class Cluster {
  private readonly live = new LiveState()
  connection: Connection = $state('starting')
  /** Time of the last message; the state is current as of then. */
  heardAt = $state(Date.now())
  /** Whether any state has arrived. */
  readonly known = $derived(this.live.state.lastEventIndex > 0)
  private folding = new Folding(emptyState())
  /** Messages not folded yet. */
  private waiting: string[] = []
  private callOff: (() => void) | undefined
  /** Of the first message that waits, if it is a long one. */
  private reading: Reading | undefined
  /** An event could not be parsed and must not be skipped: take a new snapshot. */
  private lost = false
  private readonly leave: () => void
  private listeners: readonly FoldListener[] = []

  constructor(private readonly options: ClusterOptions) {
    this.leave = options.feed.listen((message) => {
      if (message.kind === 'state') this.take(message.data)
      else if (message.kind === 'reach') this.connection = message.reach
    })
  }

  /** Always the same object; its families are reactive. */
  get state(): State {
    return this.live.state
  }

  /** Returns the unsubscribe function. */
  subscribe(listener: FoldListener): () => void {
    this.listeners = [...this.listeners, listener]
    return () => void (this.listeners = this.listeners.filter((one) => one !== listener))
  }

  close(): void {
    this.leave()
    this.callOff?.()
  }

  private take(data: string): void {
    this.waiting.push(data)
    this.callOff ??= beforeNextFrame(() => this.catchUp())
  }

  /** Folds messages within the time budget and shows the result. */
  private catchUp(): void {
    this.callOff = undefined
    const until = performance.now() + FOLDING_MS
    let taken = 0
    try {
      for (const data of this.waiting) {
        const message = this.read(data)
        if (!message) break
        this.fold(message)
        taken += 1
        if (performance.now() > until) break
      }
    } catch {
      this.lost = true
      this.reading = undefined
      this.options.feed.restart()
      taken = this.waiting.length
    }
    this.waiting = this.waiting.slice(taken)
    if (this.reading) {
      this.callOff = inNextTask(() => this.catchUp())
      return
    }
    const { state } = this.folding
    this.live.show(state)
    this.options.onFolded?.(state)
    if (!this.lost) this.connection = 'connected'
    this.heardAt = Date.now()
    if (this.waiting.length > 0) this.callOff = beforeNextFrame(() => this.catchUp())
  }

  /** The message, or undefined where its reading has to go on in the next task. */
  private read(data: string): EventStreamMessage | undefined {
    if (data.length < LONG) return EventStreamMessage.parse(JSON.parse(data))
    const until = performance.now() + READING_MS
    this.reading ??= { steps: parseInSteps(EventStreamMessage, JSON.parse(data)) }
    const { steps, message } = this.reading
    if (message) {
      this.reading = undefined
      return message
    }
    do {
      const { done, value } = steps.next()
      // Showing it is a task of its own.
      if (done) this.reading.message = value
    } while (!this.reading.message && performance.now() < until)
    return undefined
  }

  private fold(message: EventStreamMessage): void {
    switch (message.kind) {
      case 'snapshot':
        this.lost = false
        this.folding = new Folding(message.state)
        this.options.onSnapshot?.()
        for (const { snapshot } of this.listeners) snapshot()
        return
      case 'event':
        if (this.lost) return
        this.folding.fold(message.envelope)
        for (const { event } of this.listeners) event(message.envelope)
        return
    }
  }
}
