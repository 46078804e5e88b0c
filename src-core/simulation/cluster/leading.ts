import type { Event } from '../../events/event'
import type { NodeId, Timestamp } from '../../ids'
import { nextDeadline } from '../../reconcile/deadlines'
import { Hearings } from '../../reconcile/hearings'
import { runPass } from '../../reconcile/pass'
import type { IdSource, ReconcileInputs } from '../../reconcile/process-manager'
import type { State } from '../../state/state'
import type { SimulatedCards } from '../cards'
import { Livelock } from '../livelock'
import type { NodeClock } from './node-clock'

/** A pass at least this often, whatever happened. */
const INTERVAL_MS = 1000
/** More passes at one instant than this mean that two rules undo each other's work for ever. */
const MAX_PASSES_AT_ONCE = 1000

export interface LeadingParts {
  readonly self: NodeId
  readonly clock: NodeClock
  readonly ids: IdSource
  readonly cards: SimulatedCards
  readonly state: () => State
  readonly apply: (events: readonly Event[]) => void
  /** When each linked member was last heard, and who answers nothing. */
  readonly heard: () => Readonly<Record<string, Timestamp>>
  readonly unreachable: () => readonly NodeId[]
  readonly onPassed: () => void
}

/** One term of a simulated node as master: the passes over the state. */
export class SimulatedLeading {
  private readonly hearings: Hearings
  private readonly deadlinesBegan: Timestamp
  private woken = false
  private deadline = Infinity
  private passesAt: { time: Timestamp; count: number } = { time: 0, count: 0 }
  private stopped = false

  constructor(private readonly parts: LeadingParts) {
    this.deadlinesBegan = parts.clock.now()
    this.hearings = new Hearings(parts.self, this.deadlinesBegan)
    const tick = (): void => {
      if (this.stopped) return
      this.pass()
      parts.clock.after(INTERVAL_MS, tick)
    }
    this.wake()
    parts.clock.after(INTERVAL_MS, tick)
  }

  wake(): void {
    if (this.woken) return
    this.woken = true
    this.parts.clock.after(0, () => {
      if (this.woken) this.pass()
    })
  }

  stop(): void {
    this.stopped = true
  }

  inputs(): ReconcileInputs {
    const { clock, ids, cards, state, heard, unreachable } = this.parts
    const now = clock.now()
    return {
      now,
      wall: clock.wall(),
      ids,
      heard: this.hearings.take(state(), heard(), now),
      firstHeard: this.hearings.first(),
      unreachable: unreachable(),
      deadlinesBegan: this.deadlinesBegan,
      cards: cards.shelf.cards(),
    }
  }

  pass(): void {
    this.woken = false
    if (this.stopped) return
    const { clock, state, apply, cards, onPassed } = this.parts
    const now = clock.now()
    if (this.passesAt.time !== now) this.passesAt = { time: now, count: 0 }
    this.passesAt.count += 1
    if (this.passesAt.count > MAX_PASSES_AT_ONCE)
      throw new Livelock(`${MAX_PASSES_AT_ONCE} passes at ${now} ms, and still not at rest`)
    const { events, needs, failures } = runPass(state(), this.inputs())
    for (const { manager, error } of failures)
      throw new Error(`the process manager ${manager} failed`, { cause: error })
    for (const { modelId } of needs) cards.need(modelId)
    if (events.length > 0) apply(events)
    onPassed()
    const due = nextDeadline(state(), this.inputs())
    if (due === undefined || (due >= this.deadline && this.deadline > now)) return
    this.deadline = due
    clock.after(due - now, () => this.pass())
  }
}
