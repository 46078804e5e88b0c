import { z } from 'zod'
import { NodeId } from '../ids'
import { NodeInfo } from '../state/nodes'
import { drop, put } from '../state/records'
import type { State } from '../state/state'
import type { Envelope } from './event'

export const NodeGatheredInfo = z.object({ type: z.literal('NodeGatheredInfo'), nodeId: NodeId, info: NodeInfo })
export const NodeLeaving = z.object({ type: z.literal('NodeLeaving'), nodeId: NodeId, reason: z.string() })
export const NodeTimedOut = z.object({ type: z.literal('NodeTimedOut'), nodeId: NodeId })

export const reduceNodes = (state: State, { event }: Envelope): State['nodes'] => {
  switch (event.type) {
    case 'NodeGatheredInfo':
      // Only members are listened to; a report that crossed a removal must not bring the machine back.
      return event.nodeId in state.members
        ? put(state.nodes, event.nodeId, { ...event.info, nodeId: event.nodeId })
        : state.nodes
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return drop(state.nodes, event.nodeId)
    default:
      return state.nodes
  }
}
