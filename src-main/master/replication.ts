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
import type { EventLog } from './event-log'
import { isSameLeadership, leadershipOf, type Leadership } from './leadership'
import { readKnownTerm } from './known-term'
import { type Brought, LogWork, type LogWorkParts, type OrderedOn } from './log-work'
import { PendingWrites } from './pending-writes'
import { TermKeeping } from './term-keeping'
import { Ticking, type TickingParts } from './ticking'

export type { Brought } from './log-work'

export interface ReplicationOptions
  extends Omit<LogWorkParts, 'end' | 'leadsIn' | 'take'>, Pick<TickingParts, 'onStandstill'> {
  readonly members: readonly NodeId[]
  readonly log: EventLog
  /** Called while the log takes nothing else; on `self` the term's record is on the disk. */
  readonly onLeadership: (leadership: Leadership) => void
  /** A member says what cannot be so; nothing was made of it. */
  readonly onDistrust: (peer: NodeId, reason: string) => void
  /** This machine's system clock, which followers tell their leader. */
  readonly wall: () => WallTime
  /** A follower of this node says what its system clock shows. */
  readonly onClock: (peer: NodeId, clock: Timestamp) => void
  /** A member follows a leader that this node does not know. */
  readonly onVouched: (leader: NodeId) => void
  /** A write of this node has not been answered for so long. It has given way, and takes no part until `return`. */
  readonly onDiskHangs: (milliseconds: number) => void
}

/** What waits for the term on the disk. */
type OrderedEffect = Exclude<Effect, { kind: 'keepTerm' | 'vouched' | 'diskHangs' | 'distrust' }>

interface Ordered extends OrderedOn {
  /** This node left with it, or before. */
  readonly isAway: boolean
}

/** Obeys the consensus of the core: keeps its clock, carries out its effects on the log and the links, in their order. */
export class Replication {
  private replica: Replica
  private readonly terms: TermKeeping
  private readonly logWork: LogWork
  private readonly ticking: Ticking
  private leadership: Leadership = { kind: 'nobody' }
  private readonly arrived: Brought[] = []
  private readonly knownRemovals = new KnownRemovals()
  private readonly pendingWrites = new PendingWrites()
  private closed = false

  constructor(private readonly options: ReplicationOptions) {
    const { self, log, members } = options
    this.ticking = new Ticking({
      timers: options.timers,
      onTick: () => this.take({ kind: 'tick' }),
      onStandstill: (milliseconds) => this.wake(milliseconds),
    })
    this.logWork = new LogWork(
      {
        ...options,
        end: () => this.replica.log,
        leadsIn: (term) => this.leadership.kind === 'self' && this.leadership.term === term,
        take: (input) => this.take(input),
      },
      log,
    )
    this.terms = new TermKeeping({
      directory: options.directory,
      onKept: (known) => this.take({ kind: 'termKept', known }),
      onFailure: (error) => {
        options.onFailure(error)
        // Nobody may hear of a term that is not on the disk.
        this.listen()
      },
    })
    this.replica = startReplica(self, log.logEnd, members, this.now(), readKnownTerm(options.directory))
    this.take({ kind: 'tick' })
  }

  get leads(): Leadership {
    return this.leadership
  }

  /** What this node kept of terms cannot be read, so it leads nobody before it has followed somebody. */
  get hasLostTerm(): boolean {
    return this.replica.hasLostTerm === true && this.replica.peers.size > 0
  }

  /** How many members follow this master, itself left out. */
  get followers(): number {
    return [...this.replica.peers.values()].filter(({ master, connected }) => connected && master === this.replica.self)
      .length
  }

  take(input: Input): void {
    if (this.closed) return
    const { replica, effects } = step(this.replica, input, this.now())
    this.replica = replica
    this.lead()
    for (const effect of effects) this.order(effect)
    if (!this.closed) this.ticking.run({ isAlone: this.leadership.kind === 'self' && replica.peers.size === 0 })
  }

  private now(): Monotonic {
    return this.options.timers.monotonic()
  }

  /** This process stood still: what was said meanwhile is old news. */
  private wake(milliseconds: number): void {
    this.options.onStandstill(milliseconds)
    // Whatever this node was: it asks who leads now, and deposes nobody. Who has left takes part again when he says so.
    if (this.replica.role.kind !== 'away') this.take({ kind: 'wake' })
  }

  /** A message of a member, with the records or the snapshot that came with it. */
  receive(from: NodeId, message: Message, brought: Brought = {}): void {
    // It may have been said before a standstill that no tick has seen yet.
    if (!this.closed && this.ticking.sawStandstill()) return
    this.arrived.push(brought)
    this.take({ kind: 'message', from, message })
    if (message.type === 'follow' && message.clock !== undefined && this.leadership.kind === 'self')
      this.options.onClock(from, message.clock)
    this.arrived.pop()
  }

  /** Records were given to the log by this master. Resolves when they may be acknowledged, with what that rests on. */
  async replicate(durable: Promise<void>): Promise<DurableOn> {
    const end = this.logWork.log.logEnd
    this.take({ kind: 'appended', log: end })
    const isSafe = (): boolean => this.leadership.kind === 'self' && this.replica.acknowledged >= end.sequence
    // An answer that rests on what is safe already waits for nothing.
    if (isSafe()) return durabilityOf(this.replica, end.sequence)
    const safe = this.pendingWrites.acknowledged(end.sequence)
    if (this.leadership.kind !== 'self') this.pendingWrites.giveUp()
    const written = durable.then(() => this.take({ kind: 'written', log: end }))
    // A disk that hangs must not keep the answer that another machine leads.
    await Promise.race([safe, written])
    if (!isSafe()) await safe
    return durabilityOf(this.replica, end.sequence)
  }

  /** Whether all of its log is on its own disk. */
  get isOnDisk(): boolean {
    return this.replica.log.sequence >= this.logWork.log.sequence
  }

  /** As leader: whether all of its log is on another disk as well. */
  get isOnAnotherDisk(): boolean {
    return durabilityOf(this.replica, this.logWork.log.logEnd.sequence).on > 1
  }

  /** As leader: up to when every member knows what was removed. `at` is the stamp of the last event. */
  removalsKnown(at: Timestamp): Timestamp | undefined {
    return this.knownRemovals.look(this.replica, at, this.now())
  }

  /** Takes no part until `return`: it sleeps or quits. */
  leave(): void {
    this.take({ kind: 'leave' })
  }

  /** Takes no part until `return`, as its disk refuses, but hears who leads. */
  listen(): void {
    this.take({ kind: 'leave', listens: true })
  }

  /** Resolves when nothing is being written, read or set aside any more; after `leave` nothing new begins. */
  async settled(): Promise<void> {
    for (let last: Promise<void> | undefined; last !== this.logWork.done;) {
      last = this.logWork.done
      await this.terms.settled()
      await last
    }
  }

  /** Takes part again, with what the log has now. */
  return(log: EventLog, members: readonly NodeId[] = [...this.replica.peers.keys()]): void {
    this.logWork.goOnWith(log)
    const { peers } = this.replica
    const connected = [...peers].filter(([, peer]) => peer.connected)
    this.replica = restartReplica(this.replica, log.logEnd, members, this.now())
    for (const [peer, { knowsTails = true }] of connected) this.take({ kind: 'connected', peer, knowsTails })
    this.take({ kind: 'tick' })
  }

  /** Resolves when nothing more is being written. */
  async close(): Promise<void> {
    if (this.closed) return
    this.take({ kind: 'leave' })
    this.closed = true
    this.ticking.stop()
    this.pendingWrites.giveUp()
    this.terms.forget()
    await this.settled()
  }

  /** Tells where what the consensus says of the leadership has changed. */
  private lead(): void {
    const { replica } = this
    const now = leadershipOf(replica)
    const before = this.leadership
    if (isSameLeadership(before, now)) return
    this.leadership = now
    if (before.kind === 'self') this.pendingWrites.giveUp()
    this.options.onLeadership(now)
  }

  /** What others hear of, or the log holds, waits for the term; what this node is told does not. */
  private order(effect: Effect): void {
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
        const ordered = { brought: this.arrived.at(-1) ?? {}, setBacks: this.logWork.setBacks, isAway }
        return this.terms.afterwards(() => this.carryOut(effect, ordered))
      }
    }
  }

  private carryOut(effect: OrderedEffect, { isAway, ...ordered }: Ordered): void {
    switch (effect.kind) {
      case 'send':
        // One that has left meanwhile has nothing more to say.
        if (isAway || this.replica.role.kind !== 'away') this.send(effect)
        return
      case 'acknowledge':
        return this.pendingWrites.acknowledge(effect.sequence)
      default:
        return this.logWork.carryOut(effect, ordered)
    }
  }

  private send({ to, message }: Extract<Effect, { kind: 'send' }>): void {
    const { send, wall } = this.options
    send(to, message.type === 'follow' ? { ...message, clock: epochMs(wall()) } : message)
  }
}
