import { NodeId, type Timestamp } from '../../ids'
import type { Random } from '../../random'
import { VirtualClock } from '../../time/virtual-clock'
import { cutAfter, type Epoch, type LogEnd } from '../log-end'
import type { Message } from '../message'
import { masterOf, startReplica, type Effect, type Input, type Replica } from '../replica'
import { step } from '../step'
import { monotonic } from '../../time/clocks'

/** A record: the start of a term, or a proposed value. */
export type Entry = { readonly term: number; readonly master: NodeId; readonly value?: string }

interface Host {
  replica: Replica
  entries: Entry[]
  epochs: Epoch[]
  /** Values that were set aside, to be submitted again. */
  resubmit: string[]
  running: boolean
  /** Number of this process's lives: scheduled work of an earlier life is dropped. */
  life: number
}

const TICK_MS = 50
const WRITE_MS = 5

/** Replicas with logs on a virtual clock, over a network that can be cut, and can lose and delay messages. */
export class Cluster {
  readonly clock = new VirtualClock()
  readonly hosts = new Map<NodeId, Host>()
  /** Values that were acknowledged. */
  readonly acknowledged = new Set<string>()
  /** Each started term with its leader. No term may have two. */
  readonly terms: string[] = []
  private readonly cuts = new Set<string>()
  loss = 0
  /** Additional delay of records between two nodes, in milliseconds. */
  private readonly slowness = new Map<string, number>()

  constructor(
    names: readonly string[],
    private readonly random: Random,
  ) {
    const members = names.map((name) => NodeId.parse(name))
    for (const self of members) {
      const replica = startReplica(self, { sequence: 0, epochs: [] }, members, monotonic(0))
      this.hosts.set(self, { replica, entries: [], epochs: [], resubmit: [], running: true, life: 0 })
    }
    for (const self of members) this.connectAll(self)
    const tick = (): void => {
      for (const self of members) this.input(self, { kind: 'tick' })
      for (const self of members) this.submitAgain(self)
      this.clock.after(TICK_MS, tick)
    }
    tick()
  }

  host(name: string): Host {
    const host = this.hosts.get(NodeId.parse(name))
    if (!host) throw new Error(`there is no ${name}`)
    return host
  }

  run(milliseconds: Timestamp): void {
    this.clock.runUntil(this.clock.now() + milliseconds)
  }

  masters(): NodeId[] {
    return [...this.hosts].flatMap(([self, { replica, running }]) =>
      running && masterOf(replica) === self ? [self] : [],
    )
  }

  valuesOf(name: string): string[] {
    return this.host(name).entries.flatMap(({ value }) => value ?? [])
  }

  /** Appends a value if this node leads. Its acknowledgement appears in `acknowledged`. */
  propose(name: string, value: string): boolean {
    const host = this.host(name)
    const { self, term } = host.replica
    if (!host.running || host.replica.role.kind !== 'master') return false
    host.entries.push({ term, master: self, value })
    this.input(self, { kind: 'appended', log: this.logOf(host) })
    this.sync(self)
    return true
  }

  /** The node says goodbye, as a machine does before it sleeps. */
  leave(name: string): void {
    this.input(this.host(name).replica.self, { kind: 'leave' })
  }

  crash(name: string): void {
    const host = this.host(name)
    host.running = false
    host.life += 1
    for (const [other, { running }] of this.hosts)
      if (running) this.input(other, { kind: 'disconnected', peer: host.replica.self })
  }

  restart(name: string): void {
    const host = this.host(name)
    const { self } = host.replica
    host.running = true
    host.replica = startReplica(self, this.logOf(host), [...this.hosts.keys()], monotonic(this.clock.now()))
    this.connectAll(self)
  }

  /** Drops all messages between two nodes. They notice it only by the silence. */
  cut(a: string, b: string): void {
    this.cuts.add([a, b].sort().join())
  }

  /** Delays records from one node to another, but no other messages. */
  slow(from: string, to: string, milliseconds: number): void {
    this.slowness.set(`${from} ${to}`, milliseconds)
  }

  heal(): void {
    this.cuts.clear()
    for (const self of this.hosts.keys()) this.connectAll(self)
  }

  private reaches(a: NodeId, b: NodeId): boolean {
    return !this.cuts.has([a, b].sort().join()) && this.host(a).running && this.host(b).running
  }

  private connectAll(self: NodeId): void {
    for (const other of this.hosts.keys()) {
      if (other === self || !this.host(self).running) continue
      const kind = this.reaches(self, other) ? 'connected' : 'refused'
      this.input(self, { kind, peer: other })
      if (kind === 'connected') this.input(other, { kind, peer: self })
    }
  }

  private logOf({ entries, epochs }: Host): LogEnd {
    return { sequence: entries.length, epochs: [...epochs] }
  }

  /** Writes become durable after a short time. */
  private sync(self: NodeId): void {
    const host = this.host(self)
    const { life } = host
    const log = this.logOf(host)
    this.clock.after(WRITE_MS, () => {
      if (host.life === life) this.input(self, { kind: 'written', log })
    })
  }

  private input(self: NodeId, input: Input): void {
    const host = this.host(self)
    if (!host.running) return
    const { replica, effects } = step(host.replica, input, monotonic(this.clock.now()))
    host.replica = replica
    for (const effect of effects) this.carryOut(host, effect)
  }

  private carryOut(host: Host, effect: Effect): void {
    const { self } = host.replica
    switch (effect.kind) {
      case 'send':
        this.deliver(self, effect.to, effect.message)
        return
      case 'sendRecords': {
        const log = this.logOf(host)
        const { to, after, term } = effect
        this.deliver(self, to, { type: 'records', term, after, log }, host.entries.slice(after))
        this.input(self, { kind: 'sent', to, through: log.sequence })
        return
      }
      case 'beginTerm': {
        const { term } = effect
        this.terms.push(`${term} ${self}`)
        host.entries.push({ term, master: self })
        host.epochs.push({ term, master: self, from: host.entries.length })
        this.sync(self)
        return
      }
      case 'rewind': {
        host.resubmit.push(...host.entries.slice(effect.after).flatMap(({ value }) => value ?? []))
        host.entries.length = effect.after
        host.epochs = cutAfter({ sequence: effect.after, epochs: host.epochs }, effect.after).epochs
        this.sync(self)
        return
      }
      case 'keepTerm':
        this.input(self, { kind: 'termKept', known: effect.known })
        return
      case 'distrust':
      case 'vouched':
      case 'diskHangs':
        return
      case 'acknowledge':
        for (const { value } of host.entries.slice(0, effect.sequence))
          if (value !== undefined) this.acknowledged.add(value)
        return
      case 'store':
        throw new Error('a store effect without its message: use `store`')
      case 'install':
        throw new Error('this cluster sends no snapshots: its logs keep all records')
    }
  }

  private deliver(from: NodeId, to: NodeId, message: Message, entries: readonly Entry[] = []): void {
    const { life } = this.host(to)
    if (this.random.chance(this.loss)) return
    const late = message.type === 'records' ? (this.slowness.get(`${from} ${to}`) ?? 0) : 0
    this.clock.after(late + this.random.integer(1, 20), () => {
      const host = this.host(to)
      if (!this.reaches(from, to) || host.life !== life) return
      const { replica, effects } = step(host.replica, { kind: 'message', from, message }, monotonic(this.clock.now()))
      host.replica = replica
      for (const effect of effects) {
        if (effect.kind === 'store') this.store(host, effect, entries)
        else this.carryOut(host, effect)
      }
    })
  }

  private store(host: Host, { after, log }: Extract<Effect, { kind: 'store' }>, entries: readonly Entry[]): void {
    if (host.entries.length < after) throw new Error('the records leave a gap in the log')
    const missing = entries.slice(Math.max(0, host.entries.length - after))
    host.entries.push(...missing)
    host.epochs = cutAfter(log, host.entries.length).epochs
    this.sync(host.replica.self)
  }

  /** Values that were set aside are submitted to the master again, like commands. */
  private submitAgain(self: NodeId): void {
    const host = this.host(self)
    const master = masterOf(host.replica)
    if (!host.running || master === undefined || host.resubmit.length === 0) return
    if (master !== self && !this.reaches(self, master)) return
    const known = new Set(this.valuesOf(master))
    host.resubmit = host.resubmit.filter((value) => !known.has(value) && !this.propose(master, value))
  }
}
