import type { NodeId } from '../ids'
import type { Observation } from '../events/event'
import type { State } from '../state/state'
import { edgeKey, edgesOf, isSocketEdge, type Edge, type RdmaEdge } from '../state/topology'
import { cableReasons, deviceOf } from './cable-reasons'
import { cablesBetween } from './cables'
import { machineReason } from './machine'

/*
 * RDMA edges of the topology. Each machine derives and reports its own end from the ports that all machines report; an
 * edge counts as a connection only if the other end reports the same cable (`mirroredRdmaEdges`). Held by
 * `edges.test.ts`; `why-no-rdma.ts` explains the pairs without an edge.
 */

const isRdma = (edge: Edge): edge is RdmaEdge => !isSocketEdge(edge)

/** Whether a machine reaches another over the network; without that, RDMA edges would outlive the other machine. */
const reaches = (state: State, from: NodeId, to: NodeId): boolean =>
  edgesOf(state.topology).some((edge) => isSocketEdge(edge) && edge.from === from && edge.to === to)

/**
 * Returns a machine's RDMA connections, derived from the ports that machines report: one for each cable whose ends name
 * each other, that is fast enough, is in no bridge, and has an active, healthy device with an address at both ends.
 */
export const rdmaEdgesFrom = (state: State, self: NodeId): RdmaEdge[] => {
  const own = state.nodes[self]
  const known = new Set(
    (own?.thunderbolt?.ports ?? []).flatMap(({ peers }) => peers.map(({ domainUuid }) => domainUuid)),
  )
  if (!own || known.size === 0 || machineReason(state, self)) return []
  return Object.values(state.nodes).flatMap((other): RdmaEdge[] => {
    if (other.nodeId === self) return []
    const cables = cablesBetween(own, other)
    if (cables.length === 0 || machineReason(state, other.nodeId) || !reaches(state, self, other.nodeId)) return []
    return cables.flatMap((cable): RdmaEdge[] => {
      const [from, to] = [deviceOf(state, cable.here), deviceOf(state, cable.there)]
      if (!from || !to || cableReasons(state, cable).length > 0) return []
      return [{ from: self, to: other.nodeId, fromInterface: from.name, toInterface: to.name }]
    })
  })
}

/** Prefix of macOS device names. Edges of other devices (those of a rehearsal) are not reported or removed here. */
const isDevice = (name: string): boolean => name.startsWith('rdma_')

/**
 * Returns the changes that bring the state's RDMA edges from this node up to date; each machine reports its own end.
 * Level-triggered: a cable that moved, a port that went down or a lost address removes its edge, whatever happened in
 * between. If the other end does not answer, probing removes both edges, and they stay removed until it is reached
 * again.
 */
export const rdmaReports = (state: State, self: NodeId): Observation[] => {
  const wanted = new Map(rdmaEdgesFrom(state, self).map((edge) => [edgeKey(edge), edge]))
  const events: Observation[] = []
  for (const edge of edgesOf(state.topology))
    if (isRdma(edge) && edge.from === self && isDevice(edge.fromInterface) && !wanted.has(edgeKey(edge)))
      events.push({ type: 'TopologyEdgeDeleted', edge })
  for (const [key, edge] of wanted) {
    const known = state.topology.edges[key]
    if (known === undefined || !isRdma(known) || known.toInterface !== edge.toInterface)
      events.push({ type: 'TopologyEdgeCreated', edge })
  }
  return events
}

/** Keeps the edges that both ends report. */
export const mirroredRdmaEdges = (edges: readonly Edge[]): RdmaEdge[] => {
  const found = new Map(edges.filter(isRdma).map((edge) => [edgeKey(edge), edge]))
  return [...found.values()].filter(({ from, to, fromInterface, toInterface }) => {
    const back = found.get(edgeKey({ from: to, to: from, fromInterface: toInterface, toInterface: fromInterface }))
    return back?.toInterface === fromInterface
  })
}
