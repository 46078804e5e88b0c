import { cutAfter, withEpochsSince } from '../../consensus/log-end'
import type { Message } from '../../consensus/message'
import {
  HEARTBEAT_MS,
  knownTermOf,
  masterOf,
  startReplica,
  type Effect,
  type Input,
  type Replica,
} from '../../consensus/replica'
import { step } from '../../consensus/step'
import type { LogRecord } from '../../events/record'
import type { NodeId, Timestamp } from '../../ids'
import type { NewRecord, SimulatedLog } from './log'
import type { NodeClock } from './node-clock'

const TICK_MS = HEARTBEAT_MS / 2
/** How long the disk takes to write, and to set records aside. */
const WRITE_MS = 3
const SET_ASIDE_MS = 10

export type Leadership =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'self'; readonly term: number }
  | { readonly kind: 'other'; readonly master: NodeId; readonly term: number }

export interface ReplicationParts {
  readonly self: NodeId
  readonly clock: NodeClock
  readonly log: SimulatedLog
  readonly members: () => readonly NodeId[]
  readonly send: (to: NodeId, message: Message, records: readonly LogRecord[]) => void
  readonly onLeadership: (leadership: Leadership) => void
  /** Before records are set aside: what people declared in them is kept. */
  readonly keep: (after: number) => void
  readonly onSetAside: (after: number) => void
}

interface Waiting {
  readonly sequence: number
  readonly done: () => void
  readonly lost: () => void
}

/** Obeys the consensus on a simulated disk and simulated links, as the product's shell does. */
export class SimulatedReplication {
  private replica: Replica
  leadership: Leadership = { kind: 'nobody' }
  private readonly arrived: (readonly LogRecord[])[] = []
  private waiting: Waiting[] = []
  private readonly work: ((done: () => void) => void)[] = []
  private busy = false

  constructor(private readonly parts: ReplicationParts) {
    const { self, log, members, clock } = parts
    this.replica = startReplica(self, log.end, members(), clock.now(), log.knownTerm)
  }

  /** Begins to keep its clock; others are told from now on. */
  begin(offset: Timestamp): void {
    const tick = (): void => {
      this.take({ kind: 'tick' })
      this.parts.clock.after(TICK_MS, tick)
    }
    this.parts.clock.after(offset, tick)
  }

  take(input: Input): void {
    const { replica, effects } = step(this.replica, input, this.parts.clock.now())
    this.replica = replica
    this.parts.log.knownTerm = knownTermOf(replica)
    this.lead()
    for (const effect of effects) this.carryOut(effect)
  }

  receive(from: NodeId, message: Message, records: readonly LogRecord[]): void {
    this.arrived.push(records)
    this.take({ kind: 'message', from, message })
    this.arrived.pop()
  }

  /** A master's own records: `done` when they may be acknowledged, `lost` where nobody knows. */
  replicate(records: readonly NewRecord[], { done, lost }: Omit<Waiting, 'sequence'>): void {
    const { log, clock } = this.parts
    const end = log.append(records)
    if (records.length > 0) this.take({ kind: 'appended', log: end })
    clock.after(WRITE_MS, () => {
      log.sync(end.sequence)
      if (this.leadership.kind !== 'self') return lost()
      if (this.replica.acknowledged >= end.sequence) return done()
      this.waiting.push({ sequence: end.sequence, done, lost })
      this.take({ kind: 'written', log: end })
    })
  }

  private lead(): void {
    const { replica } = this
    const master = masterOf(replica)
    const now: Leadership =
      master === undefined
        ? { kind: 'nobody' }
        : master === replica.self
          ? { kind: 'self', term: replica.term }
          : { kind: 'other', master, term: replica.term }
    const before = this.leadership
    if (isSame(before, now)) return
    this.leadership = now
    if (before.kind === 'self') for (const { lost } of this.waiting.splice(0)) lost()
    this.parts.onLeadership(now)
  }

  private carryOut(effect: Effect): void {
    const { log, self } = this.parts
    switch (effect.kind) {
      case 'send':
        this.parts.send(effect.to, effect.message, [])
        return
      case 'distrust':
      // Simulated logs keep all their records, and their leaders send no snapshots.
      case 'install':
        return
      case 'acknowledge': {
        const safe = this.waiting.filter(({ sequence }) => sequence <= effect.sequence)
        this.waiting = this.waiting.filter(({ sequence }) => sequence > effect.sequence)
        for (const { done } of safe) done()
        return
      }
      case 'sendRecords':
        this.then((done) => {
          this.sendRecords(effect)
          done()
        })
        return
      case 'beginTerm':
        this.then((done) => this.append([{ kind: 'term', term: effect.term, master: self }], done))
        return
      case 'store': {
        const records = this.arrived.at(-1) ?? []
        this.then((done) =>
          this.append(
            records.filter(({ sequence }) => sequence > log.end.sequence),
            done,
          ),
        )
        return
      }
      case 'rewind':
        this.then((done) => this.setAside(effect.after, done))
        return
    }
  }

  /** One after the other, as the disk takes it. */
  private then(next: (done: () => void) => void): void {
    this.work.push(next)
    if (!this.busy) this.goOn()
  }

  private goOn(): void {
    const next = this.work.shift()
    this.busy = next !== undefined
    next?.(() => this.goOn())
  }

  private append(records: readonly (NewRecord | LogRecord)[], done: () => void): void {
    const { log, clock } = this.parts
    const end = log.append(records)
    clock.after(WRITE_MS, () => {
      log.sync(end.sequence)
      this.take({ kind: 'written', log: end })
      done()
    })
  }

  private setAside(after: number, done: () => void): void {
    const { log, clock, keep, onSetAside } = this.parts
    log.flush()
    keep(after)
    clock.after(SET_ASIDE_MS, () => {
      log.cut(after)
      this.take({ kind: 'written', log: log.end })
      onSetAside(after)
      done()
    })
  }

  private sendRecords({ to, after, term, whole }: Extract<Effect, { kind: 'sendRecords' }>): void {
    const end = this.replica.log
    const records = this.parts.log.after(after, end.sequence)
    const last = records.at(-1)?.sequence
    if (last !== undefined) {
      const log = cutAfter(end, last)
      this.parts.send(to, { type: 'records', term, after, log: whole ? log : withEpochsSince(log, after) }, records)
    }
    this.take({ kind: 'sent', to, through: last ?? after })
  }
}

const isSame = (a: Leadership, b: Leadership): boolean => {
  if (a.kind === 'nobody' || b.kind === 'nobody') return a.kind === b.kind
  if (a.term !== b.term) return false
  return a.kind === 'self' ? b.kind === 'self' : b.kind === 'other' && a.master === b.master
}
