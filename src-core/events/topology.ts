import { z } from 'zod'
import { drop, dropWhere, put } from '../state/records'
import type { State } from '../state/state'
import { Edge, edgeKey, isRecentLoss, type LostLink, type Topology } from '../state/topology'
import type { Timestamp } from '../ids'
import type { Envelope } from './event'

export const TopologyEdgeCreated = z.object({ type: z.literal('TopologyEdgeCreated'), edge: Edge })
export const TopologyEdgeDeleted = z.object({ type: z.literal('TopologyEdgeDeleted'), edge: Edge })

const created = (topology: Topology, edge: Edge, at: Timestamp): Topology => {
  const key = edgeKey(edge)
  const edges = put(topology.edges, key, edge)
  const lost = topology.lost?.[key]
  if (!lost || key in topology.edges) return { ...topology, edges }
  return { edges, lost: put<LostLink>(topology.lost ?? {}, key, { ...lost, backSince: at }) }
}

const deleted = (topology: Topology, edge: Edge, at: Timestamp): Topology => {
  const key = edgeKey(edge)
  if (!(key in topology.edges)) return topology
  const recent = dropWhere(topology.lost ?? {}, (lost) => !isRecentLoss(lost, at))
  const lostAt = [...(topology.lost?.[key]?.lostAt ?? []), at].slice(-2)
  return { edges: drop(topology.edges, key), lost: put<LostLink>(recent, key, { lostAt }) }
}

export const reduceTopology = (state: State, { at, event }: Envelope): Topology => {
  const { topology } = state
  switch (event.type) {
    case 'TopologyEdgeCreated': {
      const known = event.edge.from in state.members && event.edge.to in state.members
      return known ? created(topology, event.edge, at) : topology
    }
    case 'TopologyEdgeDeleted':
      return deleted(topology, event.edge, at)
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved': {
      const edges = dropWhere(topology.edges, ({ from, to }) => from === event.nodeId || to === event.nodeId)
      return edges === topology.edges ? topology : { ...topology, edges }
    }
    default:
      return topology
  }
}
