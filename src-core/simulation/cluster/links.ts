import type { NodeId, Timestamp } from '../../ids'
import type { VirtualClock } from '../clock'
import type { Random } from '../random'
import type { Packet } from './packet'
import { SimulatedRelays } from './relays'

/** A link over which nothing comes for so long is given up. */
const SILENT_MS = 2000
/** Whoever is not linked is called this often; the first time sooner, to hear whether it is there. */
const DIAL_EVERY_MS = 1000
const REDIAL_MS = 1200
/** A machine whose process has died says so at once. */
const RESET_MS = 5
/** What goes over a stream and was lost on its way is sent again after this. */
const RETRANSMITTED_MS = 200

export interface NetworkConditions {
  /** The part of messages that is lost: of the consensus for good, of streams until they are sent again. */
  readonly loss: number
  readonly delayMs: number
  readonly jitterMs: number
}

/** A node as its links need it. */
export interface Linked {
  /** Its process runs, and is not asleep. */
  isActive(): boolean
  isRunning(): boolean
  isMember(peer: NodeId): boolean
  connected(peer: NodeId): void
  disconnected(peer: NodeId): void
  refused(peer: NodeId): void
  receive(from: NodeId, packet: Packet): void
}

interface Pair {
  readonly a: NodeId
  readonly b: NodeId
  up: boolean
  /** Counts the links between these two: what was sent over an earlier one is gone. */
  generation: number
  reachable: boolean
  /** When bytes could last pass. */
  reachableAt: Timestamp
  readonly held: (() => void)[]
}

/** One link for each pair of nodes, over a network that can be cut, delay and lose; in order, as TCP is. */
export class SimulatedLinks {
  private readonly pairs = new Map<string, Pair>()
  private readonly nodes = new Map<NodeId, Linked>()
  private readonly lastAt = new Map<string, Timestamp>()
  private groups: ReadonlyMap<NodeId, number> = new Map()
  private readonly isolated = new Set<NodeId>()
  private readonly cuts = new Set<string>()
  private readonly relays = new SimulatedRelays({ isUp: (a, b) => this.isLinked(a, b), now: () => this.clock.now() })
  conditions: NetworkConditions = { loss: 0, delayMs: 1, jitterMs: 0 }

  constructor(
    private readonly clock: VirtualClock,
    private readonly random: Random,
  ) {
    const tick = (): void => {
      for (const pair of this.pairs.values()) this.dial(pair)
      clock.after(DIAL_EVERY_MS, tick)
    }
    clock.after(DIAL_EVERY_MS, tick)
  }

  add(nodeId: NodeId, node: Linked): void {
    for (const other of this.nodes.keys()) {
      const pair = { a: other, b: nodeId, up: false, generation: 0, reachable: false, reachableAt: -Infinity, held: [] }
      this.pairs.set(keyOf(other, nodeId), pair)
    }
    this.nodes.set(nodeId, node)
  }

  /** Nodes of different groups do not reach one another; those that no group names are one of their own. */
  partition(groups: readonly (readonly NodeId[])[]): void {
    this.groups = new Map(groups.flatMap((group, at) => group.map((nodeId) => [nodeId, at] as const)))
    this.look()
  }

  /** These two do not reach one another, whomever else they reach. */
  cut(a: NodeId, b: NodeId): void {
    this.cuts.add(keyOf(a, b))
    this.look()
  }

  mend(a: NodeId, b: NodeId): void {
    this.cuts.delete(keyOf(a, b))
    this.look()
  }

  mendAll(): void {
    this.cuts.clear()
  }

  isolate(nodeId: NodeId): void {
    this.isolated.add(nodeId)
    this.look()
  }

  rejoin(nodeId: NodeId): void {
    this.isolated.delete(nodeId)
    this.look()
  }

  /** Whether bytes pass between these two now. */
  reaches(a: NodeId, b: NodeId): boolean {
    if (a === b) return true
    const [one, other] = [this.nodes.get(a), this.nodes.get(b)]
    if (!one?.isActive() || !other?.isActive() || this.isolated.has(a) || this.isolated.has(b)) return false
    return !this.cuts.has(keyOf(a, b)) && this.groups.get(a) === this.groups.get(b)
  }

  /** Whether one reaches the other over a link of theirs, or through a member that both are linked to. */
  isUp(a: NodeId, b: NodeId): boolean {
    return this.isLinked(a, b) || this.relays.via(a, b) !== undefined
  }

  isLinked(a: NodeId, b: NodeId): boolean {
    return this.pairs.get(keyOf(a, b))?.up ?? false
  }

  /** When one last heard the other, through whomever; undefined where it never did. */
  heardAt(a: NodeId, b: NodeId): Timestamp | undefined {
    return this.relays.heardAt(a, b) ?? this.reachedAt(a, b)
  }

  /** When these two could last hear one another; undefined where they never did. */
  reachedAt(a: NodeId, b: NodeId): Timestamp | undefined {
    const pair = this.pairs.get(keyOf(a, b))
    if (!pair || pair.reachableAt === -Infinity) return undefined
    return pair.reachable ? this.clock.now() : pair.reachableAt
  }

  /** What the nodes can reach may have changed. */
  look(): void {
    const now = this.clock.now()
    for (const pair of this.pairs.values()) {
      const reachable = this.reaches(pair.a, pair.b)
      if (reachable === pair.reachable) continue
      pair.reachable = reachable
      pair.reachableAt = now
      if (reachable) {
        for (const deliver of pair.held.splice(0)) deliver()
        continue
      }
      // Whoever is there but whose process is not says so; else only the silence tells.
      const died =
        !this.isHeld(pair) && [pair.a, pair.b].some((nodeId) => this.nodes.get(nodeId)?.isRunning() === false)
      this.clock.after(died ? RESET_MS : SILENT_MS, () => {
        if (!pair.reachable && pair.reachableAt === now) this.lose(pair, { redial: died ? RESET_MS : REDIAL_MS })
      })
    }
  }

  /** A node begins anew: whatever links it has are gone, and it calls everybody. */
  begin(nodeId: NodeId): void {
    for (const pair of this.pairs.values()) {
      if (pair.a !== nodeId && pair.b !== nodeId) continue
      // One that slept while the other side gave the link up has not heard of it.
      if (!pair.up) this.nodes.get(nodeId)?.disconnected(pair.a === nodeId ? pair.b : pair.a)
      this.lose(pair, { redial: 0 })
      this.clock.after(0, () => this.dial(pair))
    }
  }

  /** Members have changed: who is none any more is not linked any more. */
  membersChanged(): void {
    for (const pair of this.pairs.values())
      if (pair.up && !this.areMembers(pair)) this.clock.after(RETRANSMITTED_MS, () => this.lose(pair, { redial: 0 }))
  }

  send(from: NodeId, to: NodeId, packet: Packet): void {
    const via = this.isLinked(from, to) ? undefined : this.relays.via(from, to)
    if (via === undefined)
      return this.pass(from, to, packet, () => {
        this.nodes.get(to)?.receive(from, packet)
        this.learn(to, from, packet)
      })
    this.pass(from, via, packet, () =>
      this.pass(via, to, packet, () => {
        this.relayed(to, from, via)
        this.nodes.get(to)?.receive(from, packet)
      }),
    )
  }

  /** A member names a master that is not linked here: it is reached through whoever names it. */
  private learn(self: NodeId, from: NodeId, { kind, ...packet }: Packet): void {
    const message = kind === 'consensus' && 'message' in packet ? packet.message : undefined
    if (message?.type !== 'answer' || message.master === undefined || message.master === self) return
    this.relayed(self, message.master, from)
  }

  private relayed(self: NodeId, peer: NodeId, via: NodeId): void {
    if (self === peer || this.isLinked(self, peer) || !this.nodes.has(peer)) return
    if (this.relays.hear(self, peer, via)) this.nodes.get(self)?.connected(peer)
  }

  /** Over one link. */
  private pass(from: NodeId, to: NodeId, packet: Packet, arrive: () => void): void {
    const pair = this.pairs.get(keyOf(from, to))
    if (!pair?.up) return
    const { loss, delayMs, jitterMs } = this.conditions
    let delay = delayMs + (jitterMs === 0 ? 0 : this.random.integer(0, jitterMs))
    if (loss > 0) {
      if (packet.kind === 'consensus') {
        if (this.random.chance(loss)) return
      } else while (this.random.chance(loss)) delay += RETRANSMITTED_MS
    }
    const way = `${from}>${to}`
    const at = Math.max(this.lastAt.get(way) ?? 0, this.clock.now() + delay)
    this.lastAt.set(way, at)
    const { generation } = pair
    const deliver = (): void => {
      if (pair.generation !== generation) return
      if (pair.reachable) arrive()
      // The sender's system sends again until the link is given up.
      else pair.held.push(deliver)
    }
    this.clock.at(at, deliver)
  }

  private isHeld({ a, b }: Pair): boolean {
    const isApart = this.groups.get(a) !== this.groups.get(b) || this.cuts.has(keyOf(a, b))
    return this.isolated.has(a) || this.isolated.has(b) || isApart
  }

  private areMembers({ a, b }: Pair): boolean {
    return (this.nodes.get(a)?.isMember(b) ?? false) && (this.nodes.get(b)?.isMember(a) ?? false)
  }

  private lose(pair: Pair, { redial }: { readonly redial: Timestamp }): void {
    pair.generation += 1
    pair.held.length = 0
    if (pair.up) {
      pair.up = false
      this.tell(pair, (node, peer) => node.disconnected(peer))
      for (const [self, peer] of this.relays.endedBy(pair.a, pair.b)) this.nodes.get(self)?.disconnected(peer)
    }
    if (redial > 0) this.clock.after(redial, () => this.dial(pair))
  }

  private dial(pair: Pair): void {
    if (pair.up) return
    if (!pair.reachable || !this.areMembers(pair))
      return this.tell(pair, (node, peer, self) => {
        if (!this.relays.isHeard(self, peer)) node.refused(peer)
      })
    pair.up = true
    this.relays.end(pair.a, pair.b)
    pair.generation += 1
    this.tell(pair, (node, peer) => node.connected(peer))
  }

  private tell({ a, b }: Pair, say: (node: Linked, peer: NodeId, self: NodeId) => void): void {
    for (const [self, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.nodes.get(self)
      if (node?.isActive()) say(node, peer, self)
    }
  }
}

const keyOf = (a: NodeId, b: NodeId): string => (a < b ? `${a}|${b}` : `${b}|${a}`)
