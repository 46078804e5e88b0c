import type { State } from '../state/state'
import { type Edge, edgeKey, isRecentLoss, type LostLink } from '../state/topology'
import { drop, dropWhere, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

const isKnown = ({ members }: State, { from, to }: Edge): boolean => from in members && to in members

export const reduceEdges = (state: State, { event }: Envelope): Changes<Edge> | undefined => {
  const family = state.topology.edges
  switch (event.type) {
    case 'TopologyEdgeCreated':
      return isKnown(state, event.edge) ? put(edgeKey(event.edge), event.edge) : undefined
    case 'TopologyEdgeDeleted':
      return drop(family, edgeKey(event.edge))
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return dropWhere(family, ({ from, to }) => from === event.nodeId || to === event.nodeId)
    default:
      return undefined
  }
}

/** Records when links broke and came back, for as long as placement considers it. */
export const reduceLostLinks = (state: State, { at, event }: Envelope): Changes<LostLink> | undefined => {
  const { edges, lost = {} } = state.topology
  switch (event.type) {
    case 'TopologyEdgeCreated': {
      const key = edgeKey(event.edge)
      const known = lost[key]
      return known && isKnown(state, event.edge) && !(key in edges) ? put(key, { ...known, backSince: at }) : undefined
    }
    case 'TopologyEdgeDeleted': {
      const key = edgeKey(event.edge)
      if (!(key in edges)) return undefined
      const lostAt = [...(lost[key]?.lostAt ?? []), at].slice(-2)
      return { ...dropWhere(lost, (link) => !isRecentLoss(link, at)), ...put(key, { lostAt }) }
    }
    default:
      return undefined
  }
}
