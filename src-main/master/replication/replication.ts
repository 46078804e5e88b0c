import {
  durabilityOf,
  type DurableOn,
  type Effect,
  type Input,
  KnownRemovals,
  type Message,
  type Replica,
  restartReplica,
  startReplica,
  step,
} from '@core/consensus/index'
import type { NodeId, Timestamp } from '@core/ids'
import { epochMs, type Monotonic, type WallTime } from '@core/time/clocks'
import type { EventLog } from '../log/event-log'
import { isSameLeadership, leadershipOf, type Leadership } from '../leadership'
import { readKnownTerm } from './known-term'
import { type EffectContext, LogWork, type LogWorkParts, type Payload } from './log-work'
import { PendingWrites } from './pending-writes'
import { TermKeeping } from './term-keeping'
import { Ticking, type TickingParts } from './ticking'

export type { Payload } from './log-work'

export interface ReplicationOptions
  extends Omit<LogWorkParts, 'end' | 'leadsIn' | 'step'>, Pick<TickingParts, 'onStandstill'> {
  readonly members: readonly NodeId[]
  readonly log: EventLog
  /** Names this run of the program in the log. */
  readonly boot: string
  /** Called before any further effect on the log. For `self`, the record of the term is durable. */
  readonly onLeadership: (leadership: Leadership) => void
  /** A member sent an implausible message, which was ignored. */
  readonly onDistrust: (peer: NodeId, reason: string) => void
  /** This machine's system clock, which followers report to their leader. */
  readonly wall: () => WallTime
  /** A follower reported its system clock, in milliseconds since 1970. */
  readonly onClock: (peer: NodeId, clock: Timestamp) => void
  /** A member follows a leader that this node does not know as a member. */
  readonly onVouched: (leader: NodeId) => void
  /** A write has been in flight for that long: this node has stepped back, and takes no part until `rejoin`. */
  readonly onDiskHangs: (milliseconds: number) => void
}

/** Effects that wait until the terms before them are durable. */
type TermBoundEffect = Exclude<Effect, { kind: 'keepTerm' | 'vouched' | 'diskHangs' | 'distrust' }>

interface Context extends EffectContext {
  /** Whether this node had left when the consensus returned the effect. Its farewell messages are still sent. */
  readonly isAway: boolean
}

/**
 * Drives the consensus (`src-core/consensus`): inputs messages, ticks and finished writes, and carries out its effects on
 * terms, log and links in order. Effects may cause further inputs.
 */
export class Replication {
  private replica: Replica
  private readonly terms: TermKeeping
  private readonly logWork: LogWork
  private readonly ticking: Ticking
  private current: Leadership = { kind: 'nobody' }
  /** Payloads of the messages being handled; a stack, because handling one may cause others. */
  private readonly payloads: Payload[] = []
  private readonly knownRemovals = new KnownRemovals()
  private readonly pendingWrites = new PendingWrites()
  private closed = false

  constructor(private readonly options: ReplicationOptions) {
    const { self, log, members } = options
    this.ticking = new Ticking({
      timers: options.timers,
      onTick: () => this.step({ kind: 'tick' }),
      onStandstill: (milliseconds) => this.wake(milliseconds),
    })
    this.logWork = new LogWork(
      {
        ...options,
        end: () => this.replica.log,
        leadsIn: (term) => this.current.kind === 'self' && this.current.term === term,
        step: (input) => this.step(input),
      },
      log,
    )
    this.terms = new TermKeeping({
      directory: options.directory,
      onKept: (known) => this.step({ kind: 'termKept', known }),
      onFailure: (error) => {
        options.onFailure(error)
        // No member may learn of a term that is not durable.
        this.listen()
      },
    })
    const known = readKnownTerm(options.directory)
    this.replica = startReplica(self, log.logEnd, members, this.now(), { ...known, boot: options.boot })
    this.step({ kind: 'tick' })
  }

  get leadership(): Leadership {
    return this.current
  }

  /** Whether `term.json` is lost and there are other members: this node must follow before it may lead. */
  get hasLostTerm(): boolean {
    return this.replica.hasLostTerm === true && this.replica.peers.size > 0
  }

  /** Number of connected members that follow this leader. */
  get followers(): number {
    return [...this.replica.peers.values()].filter(({ master, connected }) => connected && master === this.replica.self)
      .length
  }

  /** Inputs to the consensus and carries out the effects. */
  step(input: Input): void {
    if (this.closed) return
    const { replica, effects } = step(this.replica, input, this.now())
    this.replica = replica
    this.updateLeadership()
    for (const effect of effects) this.dispatch(effect)
    if (!this.closed) this.ticking.run({ isAlone: this.current.kind === 'self' && replica.peers.size === 0 })
  }

  private now(): Monotonic {
    return this.options.timers.monotonic()
  }

  /** Called after a standstill of this process. */
  private wake(milliseconds: number): void {
    this.options.onStandstill(milliseconds)
    // Whatever its role was, this node looks for the current leader before it stands for election. A node that has left
    // stays away until `rejoin`.
    if (this.replica.role.kind !== 'away') this.step({ kind: 'wake' })
  }

  /** Handles a member's message. Ignored if this process just stood still: the message may be older than that. */
  receive(from: NodeId, message: Message, payload: Payload = {}): void {
    if (!this.closed && this.ticking.checkStandstill()) return
    this.payloads.push(payload)
    this.step({ kind: 'message', from, message })
    if (message.type === 'follow' && message.clock !== undefined && this.current.kind === 'self')
      this.options.onClock(from, message.clock)
    this.payloads.pop()
  }

  /**
   * Replicates the records that this leader has just appended. `durable` is the promise of that append. Resolves when they
   * are committed, with the number of disks that hold them. Rejects with LeadershipLost, or as `durable` does.
   */
  async replicate(durable: Promise<void>): Promise<DurableOn> {
    const end = this.logWork.log.logEnd
    this.step({ kind: 'appended', log: end })
    const isCommitted = (): boolean => this.current.kind === 'self' && this.replica.acknowledged >= end.sequence
    if (isCommitted()) return durabilityOf(this.replica, end.sequence)
    const committed = this.pendingWrites.acknowledged(end.sequence)
    if (this.current.kind !== 'self') this.pendingWrites.rejectAll()
    const written = durable.then(() => this.step({ kind: 'written', log: end }))
    // Not `await written` alone: if the disk hangs, the loss of the leadership must still reject this.
    await Promise.race([committed, written])
    if (!isCommitted()) await committed
    return durabilityOf(this.replica, end.sequence)
  }

  /** Whether the whole log is durable on this node. */
  get isOnDisk(): boolean {
    return this.replica.log.sequence >= this.logWork.log.sequence
  }

  /** As leader: whether the whole log is durable on another member. */
  get isOnAnotherDisk(): boolean {
    return durabilityOf(this.replica, this.logWork.log.logEnd.sequence).on > 1
  }

  /** As leader: the stamp up to which every member has all removals; undefined if unknown. `at`: stamp of the last event. */
  removalsKnown(at: Timestamp): Timestamp | undefined {
    return this.knownRemovals.update(this.replica, at, this.now())
  }

  /** Leaves the consensus until `rejoin` or `wake`: this machine sleeps, quits or changes its cluster. */
  leave(): void {
    this.step({ kind: 'leave' })
  }

  /** Takes no part until `rejoin`, because the disk refuses, but keeps track of the leader. */
  listen(): void {
    this.step({ kind: 'leave', listens: true })
  }

  /** Resolves when no effect is being carried out. After `leave` no new ones start. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.logWork.done;) {
      last = this.logWork.done
      await this.terms.settled()
      await last
    }
  }

  /** Takes part in the consensus again, with this log and these members. */
  rejoin(log: EventLog, members: readonly NodeId[] = [...this.replica.peers.keys()]): void {
    this.logWork.replaceLog(log)
    const { peers } = this.replica
    const connected = [...peers].filter(([, peer]) => peer.connected)
    this.replica = restartReplica(this.replica, log.logEnd, members, this.now())
    for (const [peer, { knowsTails = true }] of connected) this.step({ kind: 'connected', peer, knowsTails })
    this.step({ kind: 'tick' })
  }

  /** Leaves the consensus, rejects pending writes, and resolves when nothing is being written. */
  async close(): Promise<void> {
    if (this.closed) return
    this.step({ kind: 'leave' })
    this.closed = true
    this.ticking.stop()
    this.pendingWrites.rejectAll()
    this.terms.clear()
    await this.settled()
  }

  /** Reports a change of the leadership. */
  private updateLeadership(): void {
    const { replica } = this
    const after = leadershipOf(replica)
    const before = this.current
    if (isSameLeadership(before, after)) return
    this.current = after
    if (before.kind === 'self') this.pendingWrites.rejectAll()
    this.options.onLeadership(after)
  }

  /** Effects that other members or the log can see wait for the term to be durable; notifications of this node do not. */
  private dispatch(effect: Effect): void {
    const { options } = this
    switch (effect.kind) {
      case 'keepTerm':
        return this.terms.keep(effect.known)
      case 'vouched':
        return options.onVouched(effect.nodeId)
      case 'diskHangs':
        return options.onDiskHangs(effect.milliseconds)
      case 'distrust':
        return options.onDistrust(effect.peer, effect.reason)
      default: {
        const isAway = this.replica.role.kind === 'away'
        const context = { payload: this.payloads.at(-1) ?? {}, logGeneration: this.logWork.logGeneration, isAway }
        return this.terms.afterTerms(() => this.execute(effect, context))
      }
    }
  }

  private execute(effect: TermBoundEffect, { isAway, ...context }: Context): void {
    switch (effect.kind) {
      case 'send':
        // Dropped if this node has left meanwhile.
        if (isAway || this.replica.role.kind !== 'away') this.send(effect)
        return
      case 'acknowledge':
        return this.pendingWrites.acknowledge(effect.sequence)
      default:
        return this.logWork.execute(effect, context)
    }
  }

  private send({ to, message }: Extract<Effect, { kind: 'send' }>): void {
    const { send, wall } = this.options
    send(to, message.type === 'follow' ? { ...message, clock: epochMs(wall()) } : message)
  }
}
