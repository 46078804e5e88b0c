import type { Command, Refusal } from '../commands/command'
import { decide } from '../commands/decide'
import { isDecision, type Envelope, type Event } from '../events/event'
import { fold, Folding } from '../fold/index'
import type { ModelId, Timestamp } from '../ids'
import { next } from '../events/next'
import { type CardResult, type Pass, type ReconcileInputs, runPass } from '../reconcile/index'
import { durablePart } from '../state/durable'
import { emptyState, type State } from '../state/state'
import type { WallTime } from '../time/clocks'
import { countingIds } from './counting-ids'

/** The master's view of the simulated world. */
export interface MasterWorld {
  now(): Timestamp
  /** The simulated system clock. */
  wall(): WallTime
  /** When each node was last and first heard in this term. */
  heard(): Readonly<Record<string, Timestamp>>
  firstHeard(): Readonly<Record<string, Timestamp>>
  cards(): Readonly<Record<string, CardResult>>
  need(modelId: ModelId): void
  /** Called for every event, right after it was folded. */
  onEvent(envelope: Envelope, before: State): void
}

/** The state that a log of decisions gives, without observations. */
export const replayed = (decisions: readonly Envelope[]): State =>
  durablePart(decisions.reduce((folding, envelope) => folding.fold(envelope), new Folding(emptyState())).state)

/** The core as in production: index, fold, append, broadcast. Decisions are kept in memory for the next start. */
export class SimulatedMaster {
  readonly decisions: Envelope[] = []
  private current: State = { ...emptyState(), term: 1 }
  private deadlinesBegan: Timestamp = 0
  private readonly ids = countingIds()

  constructor(private readonly world: MasterWorld) {}

  state(): State {
    return this.current
  }

  observe(...events: readonly Event[]): void {
    for (const event of events) this.add(event)
  }

  /** Carries out a command; returns the refusal, if any. */
  submit(command: Command): Refusal | undefined {
    const decided = decide(this.current, command, { now: this.world.now(), ids: this.ids })
    if (decided.status === 'refused') return decided.refusal
    this.observe(...decided.events)
    return undefined
  }

  inputs(): ReconcileInputs {
    const { world, ids, deadlinesBegan } = this
    const [now, heard, firstHeard, cards] = [world.now(), world.heard(), world.firstHeard(), world.cards()]
    return { now, wall: world.wall(), ids, heard, firstHeard, deadlinesBegan, cards }
  }

  /** One pass of all process managers. An exception in a manager is a bug, and is not hidden in a simulation. */
  pass(): Pass {
    const pass = runPass(this.current, this.inputs())
    for (const { manager, error } of pass.failures)
      throw new Error(`the process manager ${manager} failed`, { cause: error })
    this.observe(...pass.events)
    for (const { modelId } of pass.needs) this.world.need(modelId)
    return pass
  }

  /** Restarts from the log in a new term. Event indices continue, because followers count them. */
  restart(): void {
    const { lastEventIndex, lastEventAt, term } = this.current
    this.current = { ...replayed(this.decisions), lastEventIndex, lastEventAt, term: term + 1 }
    this.deadlinesBegan = this.world.now()
  }

  private add(event: Event): void {
    const before = this.current
    const envelope = next(before, event, this.world.now())
    this.current = fold(before, envelope)
    if (isDecision(event)) this.decisions.push(envelope)
    this.world.onEvent(envelope, before)
  }
}
