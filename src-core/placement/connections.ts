import type { NodeId } from '../ids'
import { mirroredRdmaEdges } from '../rdma/edges'
import type { Instance, JacclConnections, RingConnections } from '../state/instances'
import type { InstanceMeta } from '../state/meta-instances'
import type { InterfaceType } from '../state/nodes'
import type { State } from '../state/state'
import { carriesRing, edgesOf, type Edge, type RdmaEdge, type SocketEdge } from '../state/topology'

/** Which way to take where there are several. A loopback address leads nowhere else. */
const RANK: Readonly<Record<InterfaceType, number>> = { thunderbolt: 0, ethernet: 1, unknown: 2, wifi: 3, loopback: 4 }

/** The better of two ways: by kind of interface, then by latency, then by address, so that it is always the same one. */
export const preferredEdge = (a: SocketEdge, b: SocketEdge): number =>
  RANK[a.interfaceType] - RANK[b.interfaceType] ||
  (a.latencyMs ?? Infinity) - (b.latencyMs ?? Infinity) ||
  (a.ip < b.ip ? -1 : Number(a.ip > b.ip)) ||
  0

export type Way = InterfaceType | 'rdma'

/** By which kind of connection one machine would reach another in a group; `unknown` where there is none. */
export const wayBetween = (state: State, from: NodeId, to: NodeId, instanceMeta: InstanceMeta): Way => {
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
 * One cable for each pair, of which either rank gets its own end: with several cables between two machines, ends that
 * were chosen one by one could be those of different ones. The lower rank's first interface decides, so that the same
 * cables always give the same matrix.
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

/** Over which connections the ranks of a group talk, chosen among those that are live. One machine needs none. */
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
