import type { Command, Refusal } from '../commands/command'
import { decide } from '../commands/decide'
import { EVENT_SCHEMA_VERSION, isDecision, type Envelope, type Event } from '../events/event'
import { fold } from '../events/fold'
import { InstanceId, RunnerId, type Timestamp } from '../ids'
import { nextDeadline } from '../reconcile/deadlines'
import { NODE_TIMEOUT_MS } from '../reconcile/node-timeout'
import { runPass } from '../reconcile/pass'
import type { IdSource, Need, ReconcileInputs } from '../reconcile/process-manager'
import { emptyState, type State } from '../state/state'

/** More passes than that in one moment never end. */
const MOST_PASSES = 1000

export interface SimulatedMasterOptions {
  readonly now: () => Timestamp
  readonly cards: () => ReconcileInputs['cards']
  readonly heard: () => ReconcileInputs['heard']
  readonly need: (need: Need) => void
  readonly onEvent: (envelope: Envelope) => void
}

/** The core as the master drives it, with a log in memory that only a crash ever reads. */
export class SimulatedMaster {
  state: State = { ...emptyState(), term: 1 }
  /** All decisions, as the log would hold them. */
  readonly log: Envelope[] = []
  deadlinesBegan = 0
  private count = { instance: 0, runner: 0 }

  private readonly ids: IdSource = {
    instanceId: () => InstanceId.parse(`instance-${++this.count.instance}`),
    runnerId: () => RunnerId.parse(`runner-${++this.count.runner}`),
  }

  constructor(private readonly options: SimulatedMasterOptions) {}

  /** Gives an event its index, folds it, and keeps it if it is a decision. */
  record(event: Event): void {
    const { state } = this
    const at = Math.max(this.options.now(), state.lastEventAt)
    const envelope = { v: EVENT_SCHEMA_VERSION, index: state.lastEventIndex + 1, term: state.term, at, event } as const
    this.state = fold(state, envelope)
    if (isDecision(event)) this.log.push(envelope)
    this.options.onEvent(envelope)
  }

  /** The refusal, where it was refused; the state is then as it was. */
  submit(command: Command): Refusal | undefined {
    const result = decide(this.state, command, { now: this.options.now(), ids: this.ids })
    if (result.status === 'refused') return result.refusal
    for (const event of result.events) this.record(event)
    return undefined
  }

  inputs(): ReconcileInputs {
    const { now, cards, heard } = this.options
    return { now: now(), ids: this.ids, heard: heard(), deadlinesBegan: this.deadlinesBegan, cards: cards() }
  }

  /** Passes until one has nothing to say. Throws what a process manager throws. */
  reconcile(): void {
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      const { events, needs, failures } = runPass(this.state, this.inputs())
      const [failure] = failures
      if (failure) throw failure.error
      for (const need of needs) this.options.need(need)
      if (events.length === 0) return
      for (const event of events) this.record(event)
    }
    throw new Error(`the process managers never come to rest at ${this.options.now()} ms`)
  }

  /** When time alone will next matter. */
  nextDeadline(): Timestamp | undefined {
    const now = this.options.now()
    const heard = this.options.heard()
    const silent = Object.keys(this.state.members).map(
      (nodeId) => Math.max(heard[nodeId] ?? 0, this.deadlinesBegan) + NODE_TIMEOUT_MS,
    )
    const ahead = [nextDeadline(this.state, now) ?? Infinity, ...silent].filter((at) => at > now)
    const next = Math.min(...ahead)
    return Number.isFinite(next) ? next : undefined
  }

  /** What the log alone gives. */
  replay(): State {
    return this.log.reduce(fold, { ...emptyState(), term: 1 })
  }

  /** A new master starts from the log; what was only observed has to be reported again. */
  crash(): void {
    const { term } = this.state
    this.state = { ...this.replay(), term: term + 1 }
    this.deadlinesBegan = this.options.now()
  }
}
