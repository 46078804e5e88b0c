import type { FactLog } from '@core/consensus/index'
import type { Event, Observation } from '@core/events/event'
import type { NodeId, Timestamp } from '@core/ids'
import { Gatherer } from '@core/side-channel/gather'
import type { ReconcileInputs } from '@core/reconcile/index'
import { wait } from '@core/time/timers'
import { follow } from './following'
import type { Host } from './host'
import { lead, type LeadingParts } from './leading'
import type { Network } from './network'
import type { Projection } from './projection'
import type { ReconcileLoop } from './reconcile-loop'
import type { Leadership } from './leadership'

export interface ActiveRoleParts {
  readonly self: NodeId
  readonly network: Network
  readonly projection: Projection
  readonly cards: LeadingParts['cards']
  /** This node leads from now on; called before anything else happens in that term. */
  readonly onTerm: (term: number) => void
  readonly apply: (events: readonly Event[]) => void
  /** This node leads, or has received the leader's state. Called for each term, and again after each resubscription. */
  readonly onEntered: () => void
  readonly now: () => Timestamp
  readonly host: Pick<Host, 'timers' | 'wall' | 'ids'>
  readonly onPassed?: (() => void) | undefined
  readonly log: FactLog
}

/** Converts ages in milliseconds to stamps of the leader's clock. */
const toStamps = (ages: Readonly<Record<string, number>>, now: Timestamp): Record<string, Timestamp> =>
  Object.fromEntries(Object.entries(ages).map(([nodeId, age]) => [nodeId, Math.round(now - age)]))

/** Runs what this node's role needs: the reconcile loop of a leader, or the subscription of a follower. Switches with the leadership. */
export class ActiveRole {
  /** Resolves when this node leads, or has received a leader's state, for the first time. */
  readonly entered: Promise<void>
  private resolveEntered: () => void = () => undefined
  private loop: ReconcileLoop | undefined
  /** All-gather rounds of the current term. */
  private gather = new Gatherer()
  private unfollow: (() => void) | undefined

  constructor(private readonly parts: ActiveRoleParts) {
    this.entered = new Promise((resolve) => {
      this.resolveEntered = resolve
    })
  }

  /** Resolves with undefined as `entered` does, or with the failure as soon as `failure` returns one (polled). */
  async enteredOr<Failure>(failure: () => Failure | undefined): Promise<Failure | undefined> {
    for (;;) {
      const hasEntered = await Promise.race([
        this.entered.then(() => true),
        wait(this.parts.host.timers, 5).then(() => false),
      ])
      const failed = failure()
      if (hasEntered || failed) return hasEntered ? undefined : failed
    }
  }

  /** Whether the reconcile loop runs. */
  get leads(): boolean {
    return this.loop !== undefined
  }

  /** Leaves the current role and enters the one for `leadership`. */
  enter(leadership: Leadership): void {
    this.resign()
    switch (leadership.kind) {
      case 'nobody':
        return
      case 'self':
        this.lead(leadership.term)
        return
      case 'other':
        this.follow(leadership)
        return
    }
  }

  /** Stops the reconcile loop or the subscription. */
  resign(): void {
    this.loop?.stop()
    this.loop = undefined
    this.unfollow?.()
    this.unfollow = undefined
  }

  /** Inputs of the next reconcile pass; undefined if this node does not lead. */
  inputs(): ReconcileInputs | undefined {
    return this.loop?.inputs()
  }

  /** Schedules a reconcile pass if this node leads. */
  schedulePass(): void {
    this.loop?.schedulePass()
  }

  /** Resolves after the next reconcile pass; at once if another node leads. */
  nextPass(): Promise<void> {
    return this.loop?.nextPass() ?? Promise.resolve()
  }

  /** The observations that the leader adds after an event: all-gather rounds of side channels that it completes. */
  completedRounds(event: Event): readonly Observation[] {
    return this.gather.take(() => this.parts.projection.state(), event)
  }

  private lead(term: number): void {
    const { self, network, projection, cards, onTerm, apply, now, host, onPassed, log } = this.parts
    this.gather = new Gatherer()
    onTerm(term)
    this.loop = lead({
      self,
      state: () => projection.state(),
      apply,
      cards,
      heard: () => toStamps(network.heard(), now()),
      unreachable: () => network.unreachable(),
      ids: host.ids,
      now,
      wall: host.wall,
      timers: host.timers,
      onPassed,
      log,
    })
    this.roleEntered()
  }

  private follow({ master, term }: Extract<Leadership, { kind: 'other' }>): void {
    const { network, projection, host, log } = this.parts
    log.info({ term, master }, 'following')
    this.unfollow = follow({
      master,
      term,
      projection,
      watch: (...watched) => network.watch(...watched),
      onState: () => this.roleEntered(),
      timers: host.timers,
      log,
    })
  }

  private roleEntered(): void {
    this.resolveEntered()
    this.parts.onEntered()
  }
}
