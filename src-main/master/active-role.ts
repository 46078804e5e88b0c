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
  /** This node leads from now on: what comes next is ordered in that term. */
  readonly onTerm: (term: number) => void
  readonly apply: (events: readonly Event[]) => void
  /** This node leads, or has the state of who does. */
  readonly onLed: () => void
  readonly now: () => Timestamp
  readonly host: Pick<Host, 'timers' | 'wall' | 'ids'>
  readonly onPassed?: (() => void) | undefined
  readonly log: FactLog
}

/** Ages as stamps of the leader's clock. */
const stamped = (ages: Readonly<Record<string, number>>, now: Timestamp): Record<string, Timestamp> =>
  Object.fromEntries(Object.entries(ages).map(([nodeId, age]) => [nodeId, Math.round(now - age)]))

/** Runs what this node's role needs: the reconcile loop of a leader, or the subscription of a follower. Switches with the leadership. */
export class ActiveRole {
  /** Resolves when this node has led or followed for the first time. */
  readonly led: Promise<void>
  private tellLed: () => void = () => undefined
  private loop: ReconcileLoop | undefined
  /** Of the term in which this node leads. */
  private gather = new Gatherer()
  private unfollow: (() => void) | undefined

  constructor(private readonly parts: ActiveRoleParts) {
    this.led = new Promise((resolve) => {
      this.tellLed = resolve
    })
  }

  /** Resolves when this node has led or followed, or with what keeps it from that. */
  async ledOr<Failure>(failure: () => Failure | undefined): Promise<Failure | undefined> {
    for (;;) {
      const isLed = await Promise.race([this.led.then(() => true), wait(this.parts.host.timers, 5).then(() => false)])
      const failed = failure()
      if (isLed || failed) return isLed ? undefined : failed
    }
  }

  get leads(): boolean {
    return this.loop !== undefined
  }

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

  /** Stops leading or following. */
  resign(): void {
    this.loop?.stop()
    this.loop = undefined
    this.unfollow?.()
    this.unfollow = undefined
  }

  /** What the next pass would see; only of a node that leads. */
  inputs(): ReconcileInputs | undefined {
    return this.loop?.inputs()
  }

  /** There is something to look at for whoever leads. */
  wake(): void {
    this.loop?.wake()
  }

  /** Resolves after the next pass over the state; at once where another node makes it. */
  passed(): Promise<void> {
    return this.loop?.passed() ?? Promise.resolve()
  }

  /** What the master adds to an event: the rounds of side channels that it completes. */
  gathered(event: Event): readonly Observation[] {
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
      heard: () => stamped(network.heard(), now()),
      unreachable: () => network.unreachable(),
      ids: host.ids,
      now,
      wall: host.wall,
      timers: host.timers,
      onPassed,
      log,
    })
    this.enteredOn()
  }

  private follow({ master, term }: Extract<Leadership, { kind: 'other' }>): void {
    const { network, projection, host, log } = this.parts
    log.info({ term, master }, 'following')
    this.unfollow = follow({
      master,
      term,
      projection,
      watch: (...watched) => network.watch(...watched),
      onState: () => this.enteredOn(),
      timers: host.timers,
      log,
    })
  }

  private enteredOn(): void {
    this.tellLed()
    this.parts.onLed()
  }
}
