import type { NodeId } from '../ids'
import { mirroredRdmaEdges } from '../rdma/index'
import type { Instance, JacclConnections, RingConnections } from '../state/instances'
import type { InstanceMeta } from '../state/meta-instances'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { carriesRing, edgesOf, type Edge, type RdmaEdge, type SocketEdge } from '../state/topology'

/** Preference among several edges between two machines, lower first. A loopback address reaches no other machine. */
const RANK: Readonly<Record<InterfaceType, number>> = { thunderbolt: 0, ethernet: 1, unknown: 2, wifi: 3, loopback: 4 }

/** Orders edges best first: by interface type, then latency, then address, so that the choice is deterministic. */
export const preferredEdge = (a: SocketEdge, b: SocketEdge): number =>
  RANK[a.interfaceType] - RANK[b.interfaceType] ||
  (a.latencyMs ?? Infinity) - (b.latencyMs ?? Infinity) ||
  (a.ip < b.ip ? -1 : Number(a.ip > b.ip)) ||
  0

export type ConnectionKind = InterfaceType | 'rdma'

/** Returns the kind of connection a group would use from one machine to another; `unknown` if there is none. */
export const connectionKindBetween = (
  state: State,
  from: NodeId,
  to: NodeId,
  instanceMeta: InstanceMeta,
): ConnectionKind => {
  if (instanceMeta === 'MlxJaccl') return 'rdma'
  const [best] = between(edgesOf(state.topology).filter(carriesRing), from, to).sort(preferredEdge)
  return best?.interfaceType ?? 'unknown'
}

const between = <Kind extends Edge>(edges: readonly Kind[], from: NodeId, to: NodeId): Kind[] =>
  edges.filter((edge) => edge.from === from && edge.to === to)

const among = (state: State, nodeIds: readonly NodeId[]): Edge[] => {
  const members = new Set<string>(nodeIds)
  return edgesOf(state.topology).filter(({ from, to }) => members.has(from) && members.has(to))
}

const isNeighbour = (a: number, b: number, size: number): boolean =>
  a !== b && ((a + 1) % size === b || (b + 1) % size === a)

const ringOf = (edges: readonly SocketEdge[], nodeIds: readonly NodeId[]): RingConnections => ({
  hostsByNode: Object.fromEntries(
    nodeIds.map((from, a) => [
      from,
      nodeIds.map((to, b) =>
        isNeighbour(a, b, nodeIds.length) ? (between(edges, from, to).sort(preferredEdge)[0]?.ip ?? null) : null,
      ),
    ]),
  ),
})

/**
 * Picks one cable for each pair and gives each rank its own end of it: with several cables between two machines,
 * choosing each end separately could mix ends of different cables. The lower rank's first interface decides, so the
 * same cables always give the same matrix.
 */
const jacclOf = (edges: readonly RdmaEdge[], nodeIds: readonly NodeId[]): JacclConnections => {
  const devices = nodeIds.map((): (string | null)[] => nodeIds.map(() => null))
  for (const [i, from] of nodeIds.entries()) {
    for (const [j, to] of nodeIds.entries()) {
      if (j <= i) continue
      const [cable] = between(edges, from, to).sort((a, b) => (a.fromInterface < b.fromInterface ? -1 : 1))
      const [here, there] = [devices[i], devices[j]]
      if (!cable || !here || !there) continue
      here[j] = cable.fromInterface
      there[i] = cable.toInterface
    }
  }
  return { devices }
}

/** Chooses the connections between the ranks of a group among the live edges. A single machine needs none. */
export const chooseConnections = (
  state: State,
  nodeIds: readonly NodeId[],
  instanceMeta: InstanceMeta,
): Pick<Instance, 'ring' | 'jaccl'> => {
  if (nodeIds.length === 1) return {}
  const edges = among(state, nodeIds)
  switch (instanceMeta) {
    case 'MlxRing':
      return { ring: ringOf(edges.filter(carriesRing), nodeIds) }
    case 'MlxJaccl':
      return { jaccl: jacclOf(mirroredRdmaEdges(edges), nodeIds) }
  }
}
