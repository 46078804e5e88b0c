import type { Observation } from '../events/event'
import type { NodeId, Timestamp } from '../ids'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { edgeKey, edgesOf, isSocketEdge, type SocketEdge } from '../state/topology'

/** Probes go out this often. */
export const PROBE_EVERY_MS = 1000
/** So many in a row without an answer, and the connection is lost. */
export const LOST_AFTER = 3
/** With more members than this each is probed less often: a round must stay cheap. */
export const PEERS_PER_ROUND = 64
/** A latency that moved by less is not worth a report. */
const LATENCY_SHARE = 0.5
/** What the last answer weighs in the mean. */
const LATENCY_WEIGHT = 0.3

/** One way to a member. */
export interface Target {
  readonly nodeId: NodeId
  readonly ip: string
  readonly port: number
  /** Of the interface here that leads there. */
  readonly interfaceType: InterfaceType
}

interface Way {
  readonly target: Target
  /** Probes without an answer since the last sign of life. */
  missed: number
  answered: boolean
  askedAt: Timestamp
  heardAt: Timestamp
  latencyMs: number | undefined
  bytesPerSecond: number | undefined
}

const keyOf = ({ nodeId, ip }: Pick<Target, 'nodeId' | 'ip'>): string => `${nodeId}@${ip}`

/** Two digits tell links apart, and do not flicker. */
const rounded = (figure: number): number => Number(figure.toPrecision(2))

const measuredOf = ({ bytesPerSecond }: SocketEdge): Pick<SocketEdge, 'bytesPerSecond'> =>
  bytesPerSecond === undefined ? {} : { bytesPerSecond }

/** Which members this node reaches by which address. It is told the time, sends nothing itself, and reports by level. */
export class Probes {
  private readonly ways = new Map<string, Way>()
  private turn = 0

  constructor(private readonly self: NodeId) {}

  /** Begins a round: what to probe now. Ways that are no target any more are forgotten. */
  round(targets: readonly Target[], now: Timestamp): Target[] {
    const wanted = new Set(targets.map(keyOf))
    for (const key of this.ways.keys()) if (!wanted.has(key)) this.ways.delete(key)
    return this.chosen(targets).map((target) => {
      const key = keyOf(target)
      const known = this.ways.get(key)
      const way = known
        ? { ...known, target, missed: known.heardAt >= known.askedAt ? 0 : known.missed + 1, askedAt: now }
        : {
            target,
            missed: 0,
            answered: false,
            askedAt: now,
            heardAt: -Infinity,
            latencyMs: undefined,
            bytesPerSecond: undefined,
          }
      this.ways.set(key, way)
      return target
    })
  }

  /** The probe of this way has come back. */
  answered(target: Pick<Target, 'nodeId' | 'ip'>, { at, latencyMs }: { at: Timestamp; latencyMs: number }): void {
    const way = this.ways.get(keyOf(target))
    if (!way) return
    way.answered = true
    way.latencyMs =
      way.latencyMs === undefined ? latencyMs : way.latencyMs + LATENCY_WEIGHT * (latencyMs - way.latencyMs)
    this.heard(target, at)
  }

  /** Any byte from it over that address is as good as an answer. */
  heard(target: Pick<Target, 'nodeId' | 'ip'>, at: Timestamp): void {
    const way = this.ways.get(keyOf(target))
    if (!way) return
    way.missed = 0
    way.heardAt = at
  }

  /** Members that were tried at every address, and answered at none. */
  unreachable(): NodeId[] {
    const reached = new Map<NodeId, boolean>()
    for (const { target, missed } of this.ways.values())
      reached.set(target.nodeId, reached.get(target.nodeId) === true || missed < LOST_AFTER)
    return [...reached].flatMap(([nodeId, isReached]) => (isReached ? [] : [nodeId]))
  }

  /** This machine slept: what nobody answered meanwhile says nothing. */
  wake(): void {
    for (const way of this.ways.values()) way.missed = -LOST_AFTER
  }

  /** Ways that work, of which the state does not know how much they carry. */
  unmeasured(state: State): Target[] {
    return [...this.ways.values()].flatMap((way) => {
      const known = state.topology.edges[edgeKey(this.edge(way))]
      const isKnown = known !== undefined && isSocketEdge(known) && known.bytesPerSecond !== undefined
      return way.answered && way.missed === 0 && way.bytesPerSecond === undefined && !isKnown ? [way.target] : []
    })
  }

  /** How much this way carries, as was measured. */
  measured(target: Pick<Target, 'nodeId' | 'ip'>, bytesPerSecond: number): void {
    const way = this.ways.get(keyOf(target))
    if (way) way.bytesPerSecond = bytesPerSecond
  }

  /** What the state does not know yet of this node's connections. */
  reports(state: State): Observation[] {
    const { self } = this
    const live = new Map<string, SocketEdge>()
    const reached = new Set<NodeId>()
    for (const way of this.ways.values()) {
      if (!way.answered || way.missed >= LOST_AFTER) continue
      const edge = this.edge(way)
      live.set(edgeKey(edge), edge)
      reached.add(way.target.nodeId)
    }
    const events: Observation[] = []
    for (const known of edgesOf(state.topology)) {
      const other = known.from === self ? known.to : known.to === self ? known.from : undefined
      if (other === undefined || !this.isTried(other)) continue
      // Who answers on no address at all cannot say itself that it is gone.
      const isLost = reached.has(other) ? known.from === self && isSocketEdge(known) && !live.has(edgeKey(known)) : true
      if (isLost) events.push({ type: 'TopologyEdgeDeleted', edge: known })
    }
    for (const [key, edge] of live) {
      const known = state.topology.edges[key]
      if (known === undefined || !isSocketEdge(known)) events.push({ type: 'TopologyEdgeCreated', edge })
      else if (differs(known, edge))
        // What an earlier run of this node measured stays true until it is measured again.
        events.push({ type: 'TopologyEdgeCreated', edge: { ...measuredOf(known), ...edge } })
    }
    return events
  }

  private edge({ target, latencyMs, bytesPerSecond }: Way): SocketEdge {
    const { nodeId: to, ip, port, interfaceType } = target
    return {
      from: this.self,
      to,
      ip,
      port,
      interfaceType,
      ...(latencyMs !== undefined && { latencyMs: rounded(latencyMs) }),
      ...(bytesPerSecond !== undefined && { bytesPerSecond: rounded(bytesPerSecond) }),
    }
  }

  /** Whether a member was given its three chances: right after a start nothing is known of anybody. */
  private isTried(nodeId: NodeId): boolean {
    const ways = [...this.ways.values()].filter(({ target }) => target.nodeId === nodeId)
    return (
      ways.length === 0 || ways.some(({ answered }) => answered) || ways.every(({ missed }) => missed >= LOST_AFTER)
    )
  }

  /** All members, or in a large cluster the next ones in turn, so that everybody has his turn. */
  private chosen(targets: readonly Target[]): readonly Target[] {
    const peers = [...new Set(targets.map(({ nodeId }) => nodeId))]
    if (peers.length <= PEERS_PER_ROUND) return targets
    const from = this.turn % peers.length
    this.turn = from + PEERS_PER_ROUND
    const now = new Set([...peers, ...peers].slice(from, from + PEERS_PER_ROUND))
    return targets.filter(({ nodeId }) => now.has(nodeId))
  }
}

const differs = (known: SocketEdge, edge: SocketEdge): boolean => {
  if (known.port !== edge.port || known.interfaceType !== edge.interfaceType) return true
  if (edge.bytesPerSecond !== undefined && edge.bytesPerSecond !== known.bytesPerSecond) return true
  const [a, b] = [known.latencyMs, edge.latencyMs]
  if (a === undefined || b === undefined) return a !== b
  return Math.abs(a - b) > LATENCY_SHARE * Math.max(a, b)
}
