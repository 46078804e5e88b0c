import { NodeId, type Timestamp } from '../../ids'
import type { Random } from '../../random'
import { VirtualClock } from '../../time/virtual-clock'
import { cutAfter, type Epoch, type LogEnd } from '../log-end'
import type { Message } from '../message'
import { masterOf, startReplica, type Effect, type Input, type Replica } from '../replica'
import { step } from '../step'

/** A record as this cluster keeps it: the beginning of a term, or somebody's value. */
export type Entry = { readonly term: number; readonly master: NodeId; readonly value?: string }

interface Host {
  replica: Replica
  entries: Entry[]
  epochs: Epoch[]
  /** Values that were set aside, to be submitted again. */
  resubmit: string[]
  running: boolean
  /** Counts its lives: what was begun in an earlier one comes to nothing. */
  life: number
}

const TICK_MS = 50
const WRITE_MS = 5

/** Replicas with logs on a virtual clock, and a network that can be cut, lose and delay. */
export class Cluster {
  readonly clock = new VirtualClock()
  readonly hosts = new Map<NodeId, Host>()
  /** Values that somebody was told are safe. */
  readonly acknowledged = new Set<string>()
  /** Who began which term: nobody may do so twice. */
  readonly terms: string[] = []
  private readonly cuts = new Set<string>()
  loss = 0
  /** How much longer records take between two, in milliseconds. */
  private readonly slowness = new Map<string, number>()

  constructor(
    names: readonly string[],
    private readonly random: Random,
  ) {
    const members = names.map((name) => NodeId.parse(name))
    for (const self of members) {
      const replica = startReplica(self, { sequence: 0, epochs: [] }, members, 0)
      this.hosts.set(self, { replica, entries: [], epochs: [], resubmit: [], running: true, life: 0 })
    }
    for (const self of members) this.connectAll(self)
    const tick = (): void => {
      for (const self of members) this.give(self, { kind: 'tick' })
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

  /** Has a value appended by whoever leads at this node. Its acknowledgement shows in `acknowledged`. */
  propose(name: string, value: string): boolean {
    const host = this.host(name)
    const { self, term } = host.replica
    if (!host.running || host.replica.role.kind !== 'master') return false
    host.entries.push({ term, master: self, value })
    this.give(self, { kind: 'appended', log: this.logOf(host) })
    this.sync(self)
    return true
  }

  /** Tells its fellows that it goes, as a machine does before it sleeps. */
  leave(name: string): void {
    this.give(this.host(name).replica.self, { kind: 'leave' })
  }

  crash(name: string): void {
    const host = this.host(name)
    host.running = false
    host.life += 1
    for (const [other, { running }] of this.hosts)
      if (running) this.give(other, { kind: 'disconnected', peer: host.replica.self })
  }

  restart(name: string): void {
    const host = this.host(name)
    const { self } = host.replica
    host.running = true
    host.replica = startReplica(self, this.logOf(host), [...this.hosts.keys()], this.clock.now())
    this.connectAll(self)
  }

  /** No message goes between these two any more; who is cut off notices only by the silence. */
  cut(a: string, b: string): void {
    this.cuts.add([a, b].sort().join())
  }

  /** Records from one to another take so much longer; what else they say does not. */
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
      this.give(self, { kind, peer: other })
      if (kind === 'connected') this.give(other, { kind, peer: self })
    }
  }

  private logOf({ entries, epochs }: Host): LogEnd {
    return { sequence: entries.length, epochs: [...epochs] }
  }

  /** What was appended is on the disk a little later. */
  private sync(self: NodeId): void {
    const host = this.host(self)
    const { life } = host
    const log = this.logOf(host)
    this.clock.after(WRITE_MS, () => {
      if (host.life === life) this.give(self, { kind: 'written', log })
    })
  }

  private give(self: NodeId, input: Input): void {
    const host = this.host(self)
    if (!host.running) return
    const { replica, effects } = step(host.replica, input, this.clock.now())
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
        this.give(self, { kind: 'sent', to, through: log.sequence })
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
        this.give(self, { kind: 'termKept', known: effect.known })
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
        throw new Error('records come with their message')
      case 'install':
        throw new Error('nobody sends snapshots here: all records are kept')
    }
  }

  private deliver(from: NodeId, to: NodeId, message: Message, entries: readonly Entry[] = []): void {
    const { life } = this.host(to)
    if (this.random.chance(this.loss)) return
    const late = message.type === 'records' ? (this.slowness.get(`${from} ${to}`) ?? 0) : 0
    this.clock.after(late + this.random.integer(1, 20), () => {
      const host = this.host(to)
      if (!this.reaches(from, to) || host.life !== life) return
      const { replica, effects } = step(host.replica, { kind: 'message', from, message }, this.clock.now())
      host.replica = replica
      for (const effect of effects) {
        if (effect.kind === 'store') this.store(host, effect, entries)
        else this.carryOut(host, effect)
      }
    })
  }

  private store(host: Host, { after, log }: Extract<Effect, { kind: 'store' }>, entries: readonly Entry[]): void {
    if (host.entries.length < after) throw new Error('a log has no gaps')
    const missing = entries.slice(Math.max(0, host.entries.length - after))
    host.entries.push(...missing)
    host.epochs = cutAfter(log, host.entries.length).epochs
    this.sync(host.replica.self)
  }

  /** What was set aside is submitted to the master as anew, like any command. */
  private submitAgain(self: NodeId): void {
    const host = this.host(self)
    const master = masterOf(host.replica)
    if (!host.running || master === undefined || host.resubmit.length === 0) return
    if (master !== self && !this.reaches(self, master)) return
    const known = new Set(this.valuesOf(master))
    host.resubmit = host.resubmit.filter((value) => !known.has(value) && !this.propose(master, value))
  }
}
