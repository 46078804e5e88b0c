import type { Observation } from '../events/event'
import type { NodeId } from '../ids'
import { elapsed, type Monotonic, NEVER } from '../time/clocks'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { edgeKey, edgesOf, isSocketEdge, type SocketEdge } from '../state/topology'

/*
 * Reachability of members by address: the shell sends the probes of each `round` and passes answers in; `reports`
 * returns the edges to add or delete. A connection is lost after `LOST_AFTER` consecutive unanswered probes, not
 * before, and nothing is reported about a member that has not had that many chances. Held by `probes.test.ts`.
 */

/** Probe interval. */
export const PROBE_EVERY_MS = 1000
/** Consecutive unanswered probes after which a connection is lost. */
export const LOST_AFTER = 3
/**
 * How long an answer may take. A round also begins when a link comes up: many that come up at once must not count as
 * many unanswered probes.
 */
const ANSWER_WITHIN_MS = PROBE_EVERY_MS / 2
/** Most members probed per round; larger clusters take turns, to keep a round cheap. */
export const PEERS_PER_ROUND = 64
/** A latency is reported again only if it changed by more than this share. */
const LATENCY_SHARE = 0.5
/** Weight of the latest answer in the moving average. */
const LATENCY_WEIGHT = 0.3

/** One address of a member. */
export interface Target {
  readonly nodeId: NodeId
  readonly ip: string
  readonly port: number
  /** Type of the local interface that leads there. */
  readonly interfaceType: InterfaceType
}

interface Route {
  readonly target: Target
  /** Consecutive probes without an answer. */
  missed: number
  answered: boolean
  askedAt: Monotonic
  heardAt: Monotonic
  latencyMs: number | undefined
  bytesPerSecond: number | undefined
}

/** A route that is asked again: how many probes it has left unanswered, and since when the last one waits. */
const asked = ({ heardAt, askedAt, missed }: Route, now: Monotonic): Pick<Route, 'missed' | 'askedAt'> => {
  if (heardAt >= askedAt) return { missed: 0, askedAt: now }
  return elapsed(askedAt, now) < ANSWER_WITHIN_MS ? { missed, askedAt } : { missed: missed + 1, askedAt: now }
}

const keyOf = ({ nodeId, ip }: Pick<Target, 'nodeId' | 'ip'>): string => `${nodeId}@${ip}`

/** Two significant digits: enough to compare links, and stable. */
const rounded = (figure: number): number => Number(figure.toPrecision(2))

const measuredOf = ({ bytesPerSecond }: SocketEdge): Pick<SocketEdge, 'bytesPerSecond'> =>
  bytesPerSecond === undefined ? {} : { bytesPerSecond }

/**
 * Tracks which members this node reaches at which address. Pure: time is passed in, nothing is sent, and reports are
 * level-triggered.
 */
export class Probes {
  private readonly routes = new Map<string, Route>()
  private turn = 0

  constructor(private readonly self: NodeId) {}

  /** Starts a round and returns the targets to probe. Forgets addresses that are no longer targets. */
  round(targets: readonly Target[], now: Monotonic): Target[] {
    const wanted = new Set(targets.map(keyOf))
    for (const key of this.routes.keys()) if (!wanted.has(key)) this.routes.delete(key)
    return this.dueTargets(targets).map((target) => {
      const key = keyOf(target)
      const known = this.routes.get(key)
      const route = known
        ? { ...known, target, ...asked(known, now) }
        : {
            target,
            missed: 0,
            answered: false,
            askedAt: now,
            heardAt: NEVER,
            latencyMs: undefined,
            bytesPerSecond: undefined,
          }
      this.routes.set(key, route)
      return target
    })
  }

  /** Records an answer to a probe. */
  answered(target: Pick<Target, 'nodeId' | 'ip'>, { at, latencyMs }: { at: Monotonic; latencyMs: number }): void {
    const route = this.routes.get(keyOf(target))
    if (!route) return
    route.answered = true
    route.latencyMs =
      route.latencyMs === undefined ? latencyMs : route.latencyMs + LATENCY_WEIGHT * (latencyMs - route.latencyMs)
    this.heard(target, at)
  }

  /** Counts any received byte as a sign of life. */
  heard(target: Pick<Target, 'nodeId' | 'ip'>, at: Monotonic): void {
    const route = this.routes.get(keyOf(target))
    if (!route) return
    route.missed = 0
    route.heardAt = at
  }

  /** Returns the members that answered at none of their addresses. */
  unreachable(): NodeId[] {
    const reached = new Map<NodeId, boolean>()
    for (const { target, missed } of this.routes.values())
      reached.set(target.nodeId, reached.get(target.nodeId) === true || missed < LOST_AFTER)
    return [...reached].flatMap(([nodeId, isReached]) => (isReached ? [] : [nodeId]))
  }

  /** After this machine slept, unanswered probes prove nothing; start counting again. */
  resetAfterSleep(): void {
    for (const route of this.routes.values()) route.missed = -LOST_AFTER
  }

  /** Returns live addresses whose throughput neither this node nor the state has. */
  unmeasured(state: State): Target[] {
    return [...this.routes.values()].flatMap((route) => {
      const known = state.topology.edges[edgeKey(this.edge(route))]
      const isKnown = known !== undefined && isSocketEdge(known) && known.bytesPerSecond !== undefined
      return route.answered && route.missed === 0 && route.bytesPerSecond === undefined && !isKnown
        ? [route.target]
        : []
    })
  }

  /** Records a measured throughput. */
  measured(target: Pick<Target, 'nodeId' | 'ip'>, bytesPerSecond: number): void {
    const route = this.routes.get(keyOf(target))
    if (route) route.bytesPerSecond = bytesPerSecond
  }

  /** Returns the changes that bring the state's edges up to date. */
  reports(state: State): Observation[] {
    const { self } = this
    const live = new Map<string, SocketEdge>()
    const reached = new Set<NodeId>()
    for (const route of this.routes.values()) {
      if (!route.answered || route.missed >= LOST_AFTER) continue
      const edge = this.edge(route)
      live.set(edgeKey(edge), edge)
      reached.add(route.target.nodeId)
    }
    const events: Observation[] = []
    for (const known of edgesOf(state.topology)) {
      const other = known.from === self ? known.to : known.to === self ? known.from : undefined
      if (other === undefined || !this.isTried(other)) continue
      // A member that answers at no address cannot report its own edges as gone, so both directions are removed.
      const isLost = reached.has(other) ? known.from === self && isSocketEdge(known) && !live.has(edgeKey(known)) : true
      if (isLost) events.push({ type: 'TopologyEdgeDeleted', edge: known })
    }
    for (const [key, edge] of live) {
      const known = state.topology.edges[key]
      if (known === undefined || !isSocketEdge(known)) events.push({ type: 'TopologyEdgeCreated', edge })
      else if (differs(known, edge))
        // Keep what an earlier run of this node measured until it is measured again.
        events.push({ type: 'TopologyEdgeCreated', edge: { ...measuredOf(known), ...edge } })
    }
    return events
  }

  private edge({ target, latencyMs, bytesPerSecond }: Route): SocketEdge {
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

  /** Whether a member had its chance to answer; right after a start nothing is known about anyone. */
  private isTried(nodeId: NodeId): boolean {
    const routes = [...this.routes.values()].filter(({ target }) => target.nodeId === nodeId)
    return (
      routes.length === 0 ||
      routes.some(({ answered }) => answered) ||
      routes.every(({ missed }) => missed >= LOST_AFTER)
    )
  }

  /** Returns all targets, or in a large cluster those of the next members in turn. */
  private dueTargets(targets: readonly Target[]): readonly Target[] {
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
