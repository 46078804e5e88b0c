import type { NodeId, Timestamp } from '@core/ids'
import type { PeerFrame, RelayedFrame, RelayFrame } from '@core/protocols/peer'
import { later, type Monotonic, NEVER } from '@core/time/clocks'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { Random } from '@core/random'
import {
  encodeFrame,
  firstOf,
  type LinksOptions,
  type MemberLink,
  type MemberLinks,
  openThrough,
  type RemovalNotice,
} from '../cluster/link-layer'
import { pairKey, Separations } from './separations'
import { type Sent, Transit } from './transit'
import { VirtualLink } from './virtual-link'

/** Silence after which a link is given up. */
const SILENT_MS = 2000
/** Interval at which members without a link are dialled. */
const DIAL_INTERVAL_MS = 1000
/** Delay of the first dial after a link was lost to silence. */
const REDIAL_MS = 1200
/** A machine whose process died resets its connections after this. */
const RESET_MS = 5
/** Delay before the links of a removed member end, so that the removal still reaches it. */
const REMOVED_END_MS = 200

/** What links need of a node. */
export interface Linked {
  /** Its process runs and the machine is awake. */
  isActive(): boolean
  isRunning(): boolean
  isMember(peer: NodeId): boolean
  /** Its monotonic clock. */
  monotonic(): Monotonic
  up(link: MemberLink): void
  down(peer: NodeId): void
  refused(peer: NodeId): void
  /** When that machine was removed, as far as this node knows. */
  removedAt(nodeId: NodeId): Timestamp | undefined
  /** A dialled peer did not answer, or answered with a notice of removal. */
  heardOfRemoval(peer: NodeId, notice: RemovalNotice | undefined): void
  take(peer: NodeId, frame: RelayedFrame | RelayFrame): void
  /** Handlers of the streams that members may open at it. */
  handlers(): LinksOptions['handlers']
}

interface Pair {
  readonly a: NodeId
  readonly b: NodeId
  up: boolean
  /** Number of links so far: data sent over an earlier one is dropped. */
  generation: number
  reachable: boolean
  /** When reachability last changed. */
  reachableAt: Timestamp
  /** Deliveries that wait for reachability, as TCP would retransmit them. */
  readonly held: (() => void)[]
}

/** One link for each pair of nodes, over a network with cuts, delay and loss. Delivers in order, like TCP. */
export class SimulatedLinks {
  private readonly pairs = new Map<string, Pair>()
  private readonly nodes = new Map<NodeId, Linked>()
  /** Each node's end of its links, by `self>peer`. */
  private readonly ends = new Map<string, VirtualLink>()
  readonly separations = new Separations(() => this.updateReachability())
  readonly transit: Transit

  constructor(
    private readonly clock: VirtualClock,
    random: Random,
  ) {
    this.transit = new Transit(random)
    const tick = (): void => {
      for (const pair of this.pairs.values()) this.dial(pair)
      clock.after(DIAL_INTERVAL_MS, tick)
    }
    clock.after(DIAL_INTERVAL_MS, tick)
  }

  add(nodeId: NodeId, node: Linked): void {
    for (const other of this.nodes.keys()) {
      const pair = { a: other, b: nodeId, up: false, generation: 0, reachable: false, reachableAt: -Infinity, held: [] }
      this.pairs.set(pairKey(other, nodeId), pair)
    }
    this.nodes.set(nodeId, node)
  }

  /** The links of one process of a node. `relaysFor` names members through which it reaches members without a link. */
  of(self: NodeId, relaysFor: (peer: NodeId, kind: string) => readonly NodeId[]): MemberLinks {
    const get = (peer: NodeId): MemberLink | undefined =>
      this.isLinked(self, peer) ? this.ends.get(directionKey(self, peer)) : undefined
    const open: MemberLinks['open'] = (peer, kind, params, signal) =>
      openThrough({ get }, relaysFor, { peer, kind, params, signal })
    return {
      get,
      open,
      all: () => [...this.nodes.keys()].flatMap((peer) => get(peer) ?? []),
      ask: (peer, kind, params) => firstOf(open(peer, kind, params)),
    }
  }

  /** Whether bytes pass between these two now. */
  reaches(a: NodeId, b: NodeId): boolean {
    if (a === b) return true
    const [one, other] = [this.nodes.get(a), this.nodes.get(b)]
    return one?.isActive() === true && other?.isActive() === true && !this.separations.areSeparated(a, b)
  }

  isLinked(a: NodeId, b: NodeId): boolean {
    return this.pairs.get(pairKey(a, b))?.up ?? false
  }

  /** How many links a node has. */
  linksOf(self: NodeId): number {
    return [...this.nodes.keys()].filter((peer) => peer !== self && this.isLinked(self, peer)).length
  }

  /** When these two could last reach one another; undefined if they never could. */
  reachedAt(a: NodeId, b: NodeId): Timestamp | undefined {
    const pair = this.pairs.get(pairKey(a, b))
    if (!pair || pair.reachableAt === -Infinity) return undefined
    return pair.reachable ? this.clock.now() : pair.reachableAt
  }

  /** Recomputes which pairs reach one another, after anything that may have changed it. */
  updateReachability(): void {
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
      // If only the process died, its machine resets the connection; otherwise the link ends by silence.
      const died =
        !this.separations.areSeparated(pair.a, pair.b) &&
        [pair.a, pair.b].some((nodeId) => this.nodes.get(nodeId)?.isRunning() === false)
      this.clock.after(died ? RESET_MS : SILENT_MS, () => {
        if (!pair.reachable && pair.reachableAt === now) this.lose(pair, { redial: died ? RESET_MS : REDIAL_MS })
      })
    }
  }

  /** Drops all links of a node and dials all members at once. */
  redialAll(nodeId: NodeId): void {
    for (const pair of this.pairs.values()) {
      if (pair.a !== nodeId && pair.b !== nodeId) continue
      // A node that slept while its peer gave the link up does not know that the link ended.
      if (!pair.up) this.drop(nodeId, pair.a === nodeId ? pair.b : pair.a)
      this.lose(pair, { redial: 0 })
      this.clock.after(0, () => this.dial(pair))
    }
  }

  /** A node that slept while its peers gave their links up learns of that with the first bytes that it sends. */
  noticeEnded(nodeId: NodeId): void {
    for (const pair of this.pairs.values()) {
      if (pair.a !== nodeId && pair.b !== nodeId) continue
      this.clock.after(RESET_MS, () => {
        if (!pair.up) this.drop(nodeId, pair.a === nodeId ? pair.b : pair.a)
      })
    }
  }

  /** Ends links to nodes that are no longer members. */
  membersChanged(): void {
    for (const pair of this.pairs.values())
      if (pair.up && !this.areMembers(pair)) this.clock.after(REMOVED_END_MS, () => this.lose(pair, { redial: 0 }))
  }

  /** Discards a dead process's ends of its links, without notifying it. */
  forget(nodeId: NodeId): void {
    for (const peer of this.nodes.keys()) this.ends.delete(directionKey(nodeId, peer))
  }

  /** Sends over the link between these two; without one it is dropped. */
  private pass(from: NodeId, to: NodeId, message: Sent, arrive: () => void): void {
    const pair = this.pairs.get(pairKey(from, to))
    if (!pair?.up) return
    const { generation } = pair
    const deliver = (): void => {
      if (pair.generation !== generation) return
      if (pair.reachable) arrive()
      // TCP retransmits until the link is given up.
      else pair.held.push(deliver)
    }
    for (const at of this.transit.arrivals(directionKey(from, to), this.clock.now(), message))
      this.clock.at(at, deliver)
  }

  private areMembers({ a, b }: Pair): boolean {
    return (this.nodes.get(a)?.isMember(b) ?? false) && (this.nodes.get(b)?.isMember(a) ?? false)
  }

  private lose(pair: Pair, { redial }: { readonly redial: Timestamp }): void {
    pair.generation += 1
    pair.held.length = 0
    if (pair.up) {
      pair.up = false
      this.notify(pair, (_node, peer, self) => this.drop(self, peer))
    }
    if (redial > 0) this.clock.after(redial, () => this.dial(pair))
  }

  private dial(pair: Pair): void {
    if (pair.up) return
    if (!pair.reachable || !this.areMembers(pair)) return this.refuse(pair)
    pair.up = true
    pair.generation += 1
    this.transit.clearQueue(directionKey(pair.a, pair.b))
    this.transit.clearQueue(directionKey(pair.b, pair.a))
    for (const self of [pair.a, pair.b])
      this.ends.set(directionKey(self, self === pair.a ? pair.b : pair.a), this.end(pair, self))
    this.notify(pair, (node, peer, self) => {
      const link = this.ends.get(directionKey(self, peer))
      if (link) node.up(link)
    })
  }

  private refuse(pair: Pair): void {
    this.notify(pair, (node, peer, self) => {
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
    const there = (): VirtualLink | undefined => this.ends.get(directionKey(peer, self))
    return new VirtualLink({
      peer,
      dialled: self === pair.a,
      handlers: this.nodes.get(self)?.handlers() ?? new Map(),
      self,
      heardAt: () => this.heardAt(self, peer),
      sendFrame: (frame) => {
        const sized = (): number => encodeFrame(frame)?.length ?? 0
        this.pass(self, peer, { sized, frail: frame.type === 'consensus' }, () => this.arrived(peer, self, frame))
      },
      sendBytes: (bytes, take) => this.pass(self, peer, { sized: () => bytes, frail: false }, () => take(there())),
    })
  }

  /** When a node last heard another one, by its own clock. */
  private heardAt(self: NodeId, peer: NodeId): Monotonic {
    const [own, at] = [this.nodes.get(self)?.monotonic(), this.reachedAt(self, peer)]
    return own === undefined || at === undefined ? NEVER : later(own, at - this.clock.now())
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
        this.ends.get(directionKey(self, from))?.take(frame)
    }
  }

  /** Closes a node's end of a link and notifies it. */
  private drop(self: NodeId, peer: NodeId): void {
    const direction = directionKey(self, peer)
    this.ends.get(direction)?.close()
    this.ends.delete(direction)
    this.nodes.get(self)?.down(peer)
  }

  private notify({ a, b }: Pair, call: (node: Linked, peer: NodeId, self: NodeId) => void): void {
    for (const [self, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      const node = this.nodes.get(self)
      if (node?.isActive()) call(node, peer, self)
    }
  }
}

const directionKey = (self: NodeId, peer: NodeId): string => `${self}>${peer}`
