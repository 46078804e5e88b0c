import type { Command, Refusal } from '../commands/command'
import { decide } from '../commands/decide'
import { isDecision, type Envelope, type Event } from '../events/event'
import { fold, Folding } from '../fold/index'
import type { ModelId, Timestamp } from '../ids'
import { next } from '../events/next'
import { type CardResult, type Pass, type ReconcileInputs, runPass } from '../reconcile/index'
import { durablePart } from '../state/durable'
import { emptyState, type State } from '../state/state'
import { countingIds } from './counting-ids'

/** What the master hears of its world. */
export interface MasterWorld {
  now(): Timestamp
  /** What the system's clock says. */
  wall(): Timestamp
  /** When each node was last and first heard in this term. */
  heard(): Readonly<Record<string, Timestamp>>
  firstHeard(): Readonly<Record<string, Timestamp>>
  cards(): Readonly<Record<string, CardResult>>
  need(modelId: ModelId): void
  /** Every event, right after the fold. */
  told(envelope: Envelope, before: State): void
}

/** What a log of decisions holds: the state without anything that only observers know. */
export const replayed = (decisions: readonly Envelope[]): State =>
  durablePart(decisions.reduce((folding, envelope) => folding.fold(envelope), new Folding(emptyState())).state)

/** The core as the product runs it: index, fold, append, tell; decisions kept in memory for the next start. */
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

  /** Carries a command out, or says why not. */
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

  /** One look by all process managers. A manager that throws is a bug, which a simulation must not hide. */
  pass(): Pass {
    const pass = runPass(this.current, this.inputs())
    for (const { manager, error } of pass.failures)
      throw new Error(`the process manager ${manager} failed`, { cause: error })
    this.observe(...pass.events)
    for (const { modelId } of pass.needs) this.world.need(modelId)
    return pass
  }

  /** Starts again from the log, in a term of its own. Events go on being counted: followers know how many there were. */
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
    this.world.told(envelope, before)
  }
}
