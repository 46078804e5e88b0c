import { z } from 'zod'
import { drop, dropWhere, put } from '../state/records'
import type { State } from '../state/state'
import { Edge, edgeKey } from '../state/topology'
import type { Envelope } from './event'

export const TopologyEdgeCreated = z.object({ type: z.literal('TopologyEdgeCreated'), edge: Edge })
export const TopologyEdgeDeleted = z.object({ type: z.literal('TopologyEdgeDeleted'), edge: Edge })

export const reduceTopology = (state: State, { event }: Envelope): State['topology'] => {
  const { edges } = state.topology
  const next = (() => {
    switch (event.type) {
      case 'TopologyEdgeCreated': {
        const known = event.edge.from in state.members && event.edge.to in state.members
        return known ? put(edges, edgeKey(event.edge), event.edge) : edges
      }
      case 'TopologyEdgeDeleted':
        return drop(edges, edgeKey(event.edge))
      case 'NodeLeaving':
      case 'NodeTimedOut':
      case 'MemberRemoved':
        return dropWhere(edges, (edge) => edge.from === event.nodeId || edge.to === event.nodeId)
      default:
        return edges
    }
  })()
  return next === edges ? state.topology : { edges: next }
}
