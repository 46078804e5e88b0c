import type { Envelope, Event } from '../../events/event'
import { Folding } from '../../events/fold'
import type { CommandId, Timestamp } from '../../ids'
import { next } from '../../reconcile/apply'
import type { State } from '../../state/state'

export interface ProjectionListener {
  event(envelope: Envelope, before: State): void
  /** The state is another one: the disk's, or another master's. */
  reset(): void
}

/** The state as a simulated node knows it. What hears of an event may cause the next one. */
export class SimulatedProjection {
  private folding: Folding
  private readonly outgoing: { readonly envelope: Envelope; readonly before: State }[] = []
  private sending = false

  constructor(
    state: State,
    private readonly listener: ProjectionListener,
  ) {
    this.folding = new Folding(state)
  }

  state(): State {
    return this.folding.state
  }

  /** Gives an event its place and folds it; nobody hears of it before `sendOn`. */
  place(event: Event, now: Timestamp, commandId?: CommandId): Envelope {
    const envelope = { ...next(this.state(), event, now), ...(commandId !== undefined && { commandId }) }
    this.fold(envelope)
    return envelope
  }

  /** Folds what a master has placed. False where something before it is missing. */
  take(envelope: Envelope): boolean {
    const { term, lastEventIndex } = this.state()
    if (envelope.term !== term || envelope.index !== lastEventIndex + 1) return false
    this.fold(envelope)
    return true
  }

  sendOn(): void {
    if (this.sending) return
    this.sending = true
    for (let sent = this.outgoing.shift(); sent; sent = this.outgoing.shift())
      this.listener.event(sent.envelope, sent.before)
    this.sending = false
  }

  replace(state: State): void {
    this.folding = new Folding(state)
    this.outgoing.length = 0
    this.sending = true
    this.listener.reset()
    this.sending = false
    this.sendOn()
  }

  private fold(envelope: Envelope): void {
    const before = this.state()
    this.folding.fold(envelope)
    this.outgoing.push({ envelope, before })
  }
}
