import type { NodeId, Timestamp } from '@core/ids'
import type { PeerFrame, RelayedFrame, RelayFrame } from '@core/protocols/peer'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { Random } from '@core/random'
import { encodeFrame } from '../cluster/links/frame'
import type { LinksOptions } from '../cluster/links/links'
import type { RemovalNotice } from '../cluster/links/removal-notices'
import { firstOf, openThrough, type MemberLink, type MemberLinks } from '../cluster/member-links'
import { VirtualLink } from './virtual-link'

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
  /** The part of the consensus's messages that come twice. */
  readonly duplication: number
  /** What a link carries in each direction; what is to be said meanwhile waits. Without it, as much as there is. */
  readonly bytesPerSecond?: number | undefined
}

const CALM: NetworkConditions = { loss: 0, delayMs: 1, jitterMs: 0, duplication: 0 }

/** A node as its links need it. */
export interface Linked {
  /** Its process runs, and is not asleep. */
  isActive(): boolean
  isRunning(): boolean
  isMember(peer: NodeId): boolean
  up(link: MemberLink): void
  down(peer: NodeId): void
  refused(peer: NodeId): void
  /** When that one was removed, as far as this node knows. */
  removedAt(nodeId: NodeId): Timestamp | undefined
  /** A peer that it dialled did not answer, or answered that it was removed. */
  heardOfRemoval(peer: NodeId, notice: RemovalNotice | undefined): void
  take(peer: NodeId, frame: RelayedFrame | RelayFrame): void
  /** The streams that it serves. */
  handlers(): LinksOptions['handlers']
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
  /** Until when each direction has something to carry. */
  private readonly busyUntil = new Map<string, Timestamp>()
  /** What each node holds of its links, `self>peer`. */
  private readonly ends = new Map<string, VirtualLink>()
  private groups: ReadonlyMap<NodeId, number> = new Map()
  private readonly isolated = new Set<NodeId>()
  private readonly cuts = new Set<string>()
  conditions = CALM

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

  /** The links of one life of a node. `ways` names through whom it reaches whoever is not linked. */
  of(self: NodeId, ways: (peer: NodeId, kind: string) => readonly NodeId[]): MemberLinks {
    const get = (peer: NodeId): MemberLink | undefined =>
      this.isLinked(self, peer) ? this.ends.get(wayOf(self, peer)) : undefined
    const open: MemberLinks['open'] = (peer, kind, params, signal) =>
      openThrough({ get }, ways, { peer, kind, params, signal })
    return {
      get,
      open,
      all: () => [...this.nodes.keys()].flatMap((peer) => get(peer) ?? []),
      ask: (peer, kind, params) => firstOf(open(peer, kind, params)),
    }
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

  isLinked(a: NodeId, b: NodeId): boolean {
    return this.pairs.get(keyOf(a, b))?.up ?? false
  }

  /** How many links a node has. */
  linksOf(self: NodeId): number {
    return [...this.nodes.keys()].filter((peer) => peer !== self && this.isLinked(self, peer)).length
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
      if (!pair.up) this.drop(nodeId, pair.a === nodeId ? pair.b : pair.a)
      this.lose(pair, { redial: 0 })
      this.clock.after(0, () => this.dial(pair))
    }
  }

  /** Members have changed: who is none any more is not linked any more. */
  membersChanged(): void {
    for (const pair of this.pairs.values())
      if (pair.up && !this.areMembers(pair)) this.clock.after(RETRANSMITTED_MS, () => this.lose(pair, { redial: 0 }))
  }

  /** Its process died: what it held of its links is no more, and nobody there hears of it. */
  forget(nodeId: NodeId): void {
    for (const peer of this.nodes.keys()) this.ends.delete(wayOf(nodeId, peer))
  }

  /** Gives something to the link between these two; `sized` is what it says, which may be lost for good where `frail`. */
  private pass(from: NodeId, to: NodeId, message: { sized: () => number; frail: boolean }, arrive: () => void): void {
    const pair = this.pairs.get(keyOf(from, to))
    if (!pair?.up) return
    const { loss, delayMs, jitterMs, duplication, bytesPerSecond } = this.conditions
    const way = wayOf(from, to)
    let delay = delayMs + (jitterMs === 0 ? 0 : this.random.integer(0, jitterMs))
    if (loss > 0) {
      if (message.frail) {
        if (this.random.chance(loss)) return
      } else while (this.random.chance(loss)) delay += RETRANSMITTED_MS
    }
    let start = this.clock.now()
    if (bytesPerSecond !== undefined) {
      start = Math.max(start, this.busyUntil.get(way) ?? 0) + Math.ceil((message.sized() * 1000) / bytesPerSecond)
      this.busyUntil.set(way, start)
    }
    const at = Math.max(this.lastAt.get(way) ?? 0, start + delay)
    this.lastAt.set(way, at)
    const { generation } = pair
    const deliver = (): void => {
      if (pair.generation !== generation) return
      if (pair.reachable) arrive()
      // The sender's system sends again until the link is given up.
      else pair.held.push(deliver)
    }
    this.clock.at(at, deliver)
    if (duplication > 0 && message.frail && this.random.chance(duplication)) this.clock.at(at, deliver)
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
      this.tell(pair, (_node, peer, self) => this.drop(self, peer))
    }
    if (redial > 0) this.clock.after(redial, () => this.dial(pair))
  }

  private dial(pair: Pair): void {
    if (pair.up) return
    if (!pair.reachable || !this.areMembers(pair)) return this.refuse(pair)
    pair.up = true
    pair.generation += 1
    this.busyUntil.delete(wayOf(pair.a, pair.b))
    this.busyUntil.delete(wayOf(pair.b, pair.a))
    for (const self of [pair.a, pair.b])
      this.ends.set(wayOf(self, self === pair.a ? pair.b : pair.a), this.end(pair, self))
    this.tell(pair, (node, peer, self) => {
      const link = this.ends.get(wayOf(self, peer))
      if (link) node.up(link)
    })
  }

  private refuse(pair: Pair): void {
    this.tell(pair, (node, peer, self) => {
      node.refused(peer)
      if (!node.isMember(peer)) return
      const there = pair.reachable ? this.nodes.get(peer) : undefined
      const removedAt = there?.isMember(self) === false ? there.removedAt(self) : undefined
      node.heardOfRemoval(peer, removedAt === undefined ? undefined : { removedAt })
    })
  }

  /** One node's end of a link. */
  private end(pair: Pair, self: NodeId): VirtualLink {
    const peer = self === pair.a ? pair.b : pair.a
    const there = (): VirtualLink | undefined => this.ends.get(wayOf(peer, self))
    return new VirtualLink({
      peer,
      dialled: self === pair.a,
      handlers: this.nodes.get(self)?.handlers() ?? new Map(),
      self,
      heardAt: () => this.reachedAt(self, peer) ?? 0,
      sendFrame: (frame) => {
        const sized = (): number => encodeFrame(frame)?.length ?? 0
        this.pass(self, peer, { sized, frail: frame.type === 'consensus' }, () => this.arrived(peer, self, frame))
      },
      sendBytes: (bytes, take) => this.pass(self, peer, { sized: () => bytes, frail: false }, () => take(there())),
    })
  }

  private arrived(self: NodeId, from: NodeId, frame: PeerFrame): void {
    switch (frame.type) {
      case 'relay':
      case 'consensus':
      case 'observe':
      case 'snapshot':
        this.nodes.get(self)?.take(from, frame)
        return
      case 'hello':
      case 'wake':
        return
      default:
        this.ends.get(wayOf(self, from))?.take(frame)
    }
  }

  /** A node hears that its link to another ended. */
  private drop(self: NodeId, peer: NodeId): void {
    const way = wayOf(self, peer)
    this.ends.get(way)?.close()
    this.ends.delete(way)
    this.nodes.get(self)?.down(peer)
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
const wayOf = (self: NodeId, peer: NodeId): string => `${self}>${peer}`
