import {
  durabilityOf,
  type DurableOn,
  type Effect,
  HEARTBEAT_MS,
  type Input,
  KnownRemovals,
  type LogEnd,
  type Message,
  type Replica,
  restartReplica,
  SILENCE_MS,
  startReplica,
  step,
} from '@core/consensus/index'
import type { LogRecord } from '@core/events/record'
import type { NodeId, Timestamp } from '@core/ids'
import { elapsed, type Monotonic } from '@core/time/clocks'
import type { Cancel } from '@core/time/timers'
import type { EventLog } from './event-log'
import { isSameLeadership, leadershipOf, type Leadership } from './leadership'
import { readKnownTerm } from './known-term'
import { PendingWrites } from './pending-writes'
import { Sending, type SendingParts } from './sending'
import { decodeSnapshot, type Snapshot } from './snapshot'
import { TermKeeping } from './term-keeping'

const TICK_MS = HEARTBEAT_MS / 2
/** A node that is its own cluster keeps no clock for anybody; it looks only whether it has slept. */
const ALONE_TICK_MS = 1000

export interface ReplicationOptions extends Omit<SendingParts, 'log' | 'end' | 'leadsIn'> {
  readonly self: NodeId
  readonly members: readonly NodeId[]
  readonly log: EventLog
  /** Called while the log takes nothing else; on `self` the term's record is on the disk. */
  readonly onLeadership: (leadership: Leadership) => void
  /** Sets the log's records after one aside; gives back the log that is left. */
  readonly rewind: (after: number) => Promise<EventLog>
  /** Puts a snapshot in the place of the log; gives back the log that goes on from there. */
  readonly install: (snapshot: Snapshot) => Promise<EventLog>
  /** This process stood still: its machine slept, or gave it no processor time. */
  readonly onStandstill: (milliseconds: number) => void
  /** A member says what cannot be so; nothing was made of it. */
  readonly onDistrust: (peer: NodeId, reason: string) => void
  /** A member follows a leader that this node does not know. */
  readonly onVouched: (leader: NodeId) => void
  /** A write of this node has not been answered for so long. It has given way, and takes no part until `return`. */
  readonly onDiskHangs: (milliseconds: number) => void
  readonly onFailure: (error: unknown) => void
}

/** What came with a message. */
export interface Brought {
  readonly records?: readonly LogRecord[]
  readonly snapshot?: Buffer
}

/** What waits for the term on the disk. */
type OrderedEffect = Exclude<Effect, { kind: 'keepTerm' | 'vouched' | 'diskHangs' | 'distrust' }>

/** How things stood when an effect was ordered. */
interface Ordered {
  /** What came with the message that it follows from. */
  readonly brought: Brought
  /** How often less of the log was left until then. */
  readonly setBacks: number
  /** This node left with it, or before. */
  readonly isAway: boolean
}

/** Obeys the consensus of the core: keeps its clock, carries out its effects on the log and the links, in their order. */
export class Replication {
  private replica: Replica
  private readonly terms: TermKeeping
  private log: EventLog
  private leadership: Leadership = { kind: 'nobody' }
  private work: Promise<void> = Promise.resolve()
  /** How often less of the log was left than the consensus knew. */
  private setBacks = 0
  private readonly arrived: Brought[] = []
  private readonly knownRemovals = new KnownRemovals()
  private readonly pendingWrites = new PendingWrites()
  private stopTicking: Cancel = () => undefined
  private closed = false
  private readonly sending: Sending
  private tickedAt: Monotonic
  /** Between two ticks; 0 before the first. */
  private tickMs = 0

  constructor(private readonly options: ReplicationOptions) {
    const { self, log, members } = options
    this.log = log
    this.tickedAt = this.now()
    this.sending = new Sending({
      ...options,
      log: () => this.log,
      end: () => this.replica.log,
      leadsIn: (term) => this.leadership.kind === 'self' && this.leadership.term === term,
    })
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
    this.tickEvery(this.leadership.kind === 'self' && replica.peers.size === 0 ? ALONE_TICK_MS : TICK_MS)
  }

  private now(): Monotonic {
    return this.options.timers.monotonic()
  }

  private tickEvery(milliseconds: number): void {
    if (this.closed || milliseconds === this.tickMs) return
    this.stopTicking()
    this.tickMs = milliseconds
    this.tickedAt = this.now()
    this.stopTicking = this.options.timers.every(milliseconds, () => this.tick())
  }

  /** How long this process has not ticked although it should have, in milliseconds, a usual tick included. */
  private stoodStill(now: Monotonic): number {
    return elapsed(this.tickedAt, now) - (this.tickMs - TICK_MS)
  }

  private tick(): void {
    const now = this.now()
    const stoodStill = this.stoodStill(now)
    this.tickedAt = now
    if (stoodStill <= SILENCE_MS) return this.take({ kind: 'tick' })
    // What was said meanwhile is old news. Whatever this node was: it asks who leads now, and deposes nobody.
    this.options.onStandstill(stoodStill)
    // Who has left takes part again when he says so.
    if (this.replica.role.kind !== 'away') this.take({ kind: 'wake' })
  }

  /** A message of a member, with the records or the snapshot that came with it. */
  receive(from: NodeId, message: Message, brought: Brought = {}): void {
    // It may have been said before a standstill that no tick has seen yet.
    if (!this.closed && this.stoodStill(this.now()) > SILENCE_MS) return this.tick()
    this.arrived.push(brought)
    this.take({ kind: 'message', from, message })
    this.arrived.pop()
  }

  /** Records were given to the log by this master. Resolves when they may be acknowledged, with what that rests on. */
  async replicate(durable: Promise<void>): Promise<DurableOn> {
    const end = this.log.logEnd
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
    return this.replica.log.sequence >= this.log.sequence
  }

  /** As leader: whether all of its log is on another disk as well. */
  get isOnAnotherDisk(): boolean {
    return durabilityOf(this.replica, this.log.logEnd.sequence).on > 1
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
    for (let last: Promise<void> | undefined; last !== this.work;) {
      last = this.work
      await this.terms.settled()
      await last
    }
  }

  /** Takes part again, with what the log has now. */
  return(log: EventLog, members: readonly NodeId[] = [...this.replica.peers.keys()]): void {
    this.log = log
    this.sending.beginAnew()
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
    this.stopTicking()
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
        const ordered = { brought: this.arrived.at(-1) ?? {}, setBacks: this.setBacks, isAway }
        return this.terms.afterwards(() => this.carryOut(effect, ordered))
      }
    }
  }

  private carryOut(effect: OrderedEffect, { brought, setBacks, isAway }: Ordered): void {
    const { options } = this
    // What was ordered for the log as it was then: where less of it is left than the consensus knew, it is not done.
    const thenOnThisLog = (next: () => Promise<void>): void =>
      this.enqueue(() => (this.setBacks === setBacks ? next() : Promise.resolve()))
    switch (effect.kind) {
      case 'send':
        // One that has left meanwhile has nothing more to say.
        if (isAway || this.replica.role.kind !== 'away') options.send(effect.to, effect.message)
        return
      case 'acknowledge':
        return this.pendingWrites.acknowledge(effect.sequence)
      case 'sendRecords':
        this.enqueue(() => this.sendRecords(effect))
        return
      case 'beginTerm':
        thenOnThisLog(() => this.append([{ kind: 'term', term: effect.term, master: options.self }]))
        return
      case 'store':
        thenOnThisLog(() => this.store(brought.records ?? []))
        return
      case 'install':
        thenOnThisLog(() => this.install(effect.log, brought.snapshot))
        return
      case 'rewind':
        this.enqueue(() => this.rewind(effect.after))
        return
    }
  }

  private enqueue(next: () => Promise<void>): void {
    this.work = this.work.then(next).catch((error: unknown) => this.options.onFailure(error))
  }

  private async rewind(after: number): Promise<void> {
    this.log = await this.options.rewind(after)
    this.sending.beginAnew()
    const { logEnd: log } = this.log
    if (log.sequence < after) this.rewound()
    else this.take({ kind: 'written', log })
  }

  /** Less of the log is left than the consensus knows of. It orders anew what follows. */
  private rewound(): void {
    this.setBacks += 1
    this.take({ kind: 'rewound', log: this.log.logEnd })
  }

  private async append(records: Parameters<EventLog['append']>[0]): Promise<void> {
    const written = this.log.append(records)
    const end = this.log.logEnd
    await written
    this.take({ kind: 'written', log: end })
  }

  private async store(records: readonly LogRecord[]): Promise<void> {
    const missing = records.filter(({ sequence }) => sequence > this.log.sequence)
    // They were ordered before more was set aside than was asked for.
    if (missing[0] && missing[0].sequence !== this.log.sequence + 1) return this.rewound()
    await this.append(missing)
  }

  private async install(log: LogEnd, bytes: Buffer | undefined): Promise<void> {
    const snapshot = bytes && decodeSnapshot(bytes)
    if (snapshot?.logEnd.sequence === log.sequence) {
      this.log = await this.options.install(snapshot)
      this.sending.beginAnew()
      return this.take({ kind: 'written', log: this.log.logEnd })
    }
    this.rewound()
  }

  private async sendRecords(effect: Extract<Effect, { kind: 'sendRecords' }>): Promise<void> {
    let through = effect.after
    try {
      through = await this.sending.send(effect)
    } finally {
      this.take({ kind: 'sent', to: effect.to, through })
    }
  }
}
