import type { Envelope, Event } from '@core/events/event'
import { Folding } from '@core/fold/index'
import { subjectOf, type Subject } from '@core/events/subject'
import type { Timestamp } from '@core/ids'
import { next } from '@core/events/next'
import type { State } from '@core/state/state'
import { RecentEvents } from './recent-events'

/**
 * Called right after the fold, in the order of the indexes, with what the event is about as it was before.
 * `reset` where the state was replaced: by what the disk has, or by what another master says.
 */
export interface Listener {
  readonly event: (envelope: Envelope, subject: Subject) => void
  readonly reset?: (() => void) | undefined
}

/** The state as this node knows it, and everybody here who wants to hear of changes. */
export class Projection {
  readonly recent = new RecentEvents()
  private folding: Folding
  private readonly listeners = new Set<Listener>()
  private readonly outgoing: { readonly envelope: Envelope; readonly subject: Subject }[] = []
  private sending = false

  constructor(state: State) {
    this.folding = new Folding(state)
  }

  state(): State {
    return this.folding.state
  }

  /** Looks something up without a state to keep; what `reader` returns must hold no family. */
  look<Found>(reader: (state: State) => Found): Found {
    return this.folding.look(reader)
  }

  /** The stamp of the last event. */
  get lastEventAt(): Timestamp {
    return this.folding.look(({ lastEventAt }) => lastEventAt)
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Gives an event its place and folds it; nobody hears of it before `sendOn`. */
  place(event: Event, now: Timestamp, more: Pick<Envelope, 'commandId' | 'removalsKnown'> = {}): Envelope {
    const envelope = { ...this.folding.look((state) => next(state, event, now)), ...more }
    this.fold(envelope)
    return envelope
  }

  /** Folds what a master has placed. False where something before it is missing. */
  take(envelope: Envelope): boolean {
    const { lastEventIndex, term } = this.folding.look(({ lastEventIndex, term }) => ({ lastEventIndex, term }))
    if (envelope.term !== term || envelope.index !== lastEventIndex + 1) return false
    this.fold(envelope)
    return true
  }

  /** A listener may observe something itself: that is sent when everyone has what came before it. */
  sendOn(): void {
    if (this.sending) return
    this.sending = true
    try {
      for (let sent = this.outgoing.shift(); sent; sent = this.outgoing.shift()) {
        for (const { event } of this.listeners) event(sent.envelope, sent.subject)
      }
    } finally {
      this.sending = false
    }
  }

  /** Goes on from another state. */
  replace(state: State): void {
    this.folding = new Folding(state)
    this.recent.clear()
    this.outgoing.length = 0
    // What a listener observes anew is sent on when all have been told.
    this.sending = true
    try {
      for (const { reset } of this.listeners) reset?.()
    } finally {
      this.sending = false
    }
    this.sendOn()
  }

  private fold(envelope: Envelope): void {
    const subject = this.folding.look((state) => subjectOf(state, envelope.event))
    this.folding.fold(envelope)
    this.recent.add(envelope)
    this.outgoing.push({ envelope, subject })
  }
}
