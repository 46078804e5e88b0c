import type { Envelope, Event } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { subjectOf, type Subject } from '@core/events/subject'
import type { Timestamp } from '@core/ids'
import { next } from '@core/events/next'
import type { State } from '@core/state/state'
import { RecentEvents } from './recent-events'

export interface Listener {
  /** Called for each event after it is folded, in index order. `subject`: what it concerns, as it was before the event. */
  readonly event: (envelope: Envelope, subject: Subject) => void
  /** Called after the state was replaced, by the one on disk or by that of a new leader: the events until then are void. */
  readonly reset?: (() => void) | undefined
}

/**
 * The current state of this node, with its listeners. Folding and notifying are separate steps, so that the leader can
 * append an event to the log before any listener reacts to it.
 */
export class Projection {
  readonly recent = new RecentEvents()
  private folding: Folding
  private readonly listeners = new Set<Listener>()
  private readonly unnotified: { readonly envelope: Envelope; readonly subject: Subject }[] = []
  private notifying = false

  constructor(state: State) {
    this.folding = new Folding(state)
  }

  state(): State {
    return this.folding.state
  }

  /** Reads a value without copying the state. The value must not contain a family of the state, which later folds change. */
  read<Found>(reader: (state: State) => Found): Found {
    return this.folding.read(reader)
  }

  /** Stamp of the last event, in milliseconds since 1970. */
  get lastEventAt(): Timestamp {
    return this.folding.read(({ lastEventAt }) => lastEventAt)
  }

  /** Returns the function that unsubscribes. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Assigns the next index and a stamp to an event, and folds it. Listeners are notified by `notify`. */
  foldNew(event: Event, now: Timestamp, more: Pick<Envelope, 'commandId' | 'removalsKnown'> = {}): Envelope {
    const envelope = { ...this.folding.read((state) => next(state, event, now)), ...more }
    this.fold(envelope)
    return envelope
  }

  /** Folds an event of the leader. Returns false, without folding it, if it is of another term or not the next one. */
  foldReceived(envelope: Envelope): boolean {
    const { lastEventIndex, term } = this.folding.read(({ lastEventIndex, term }) => ({ lastEventIndex, term }))
    if (envelope.term !== term || envelope.index !== lastEventIndex + 1) return false
    this.fold(envelope)
    return true
  }

  /**
   * Notifies the listeners of all events folded since the last call. A listener may fold further events; they are notified
   * after all listeners have had the earlier ones.
   */
  notify(): void {
    if (this.notifying) return
    this.notifying = true
    try {
      for (let next = this.unnotified.shift(); next; next = this.unnotified.shift()) {
        for (const { event } of this.listeners) event(next.envelope, next.subject)
      }
    } finally {
      this.notifying = false
    }
  }

  /** Replaces the state, drops events that were not notified yet, and calls `reset` on all listeners. */
  replace(state: State): void {
    this.folding = new Folding(state)
    this.recent.clear()
    this.unnotified.length = 0
    // Events that a listener folds now are notified after all listeners were reset.
    this.notifying = true
    try {
      for (const { reset } of this.listeners) reset?.()
    } finally {
      this.notifying = false
    }
    this.notify()
  }

  private fold(envelope: Envelope): void {
    const subject = this.folding.read((state) => subjectOf(state, envelope.event))
    this.folding.fold(envelope)
    this.recent.add(envelope)
    this.unnotified.push({ envelope, subject })
  }
}
