import { z } from 'zod'
import { NodeId } from '../ids'
import { type Node, NodeInfo } from '../state/nodes'
import type { State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from './event'

export const NodeGatheredInfo = z.object({ type: z.literal('NodeGatheredInfo'), nodeId: NodeId, info: NodeInfo })
export const NodeLeaving = z.object({ type: z.literal('NodeLeaving'), nodeId: NodeId, reason: z.string() })
export const NodeTimedOut = z.object({ type: z.literal('NodeTimedOut'), nodeId: NodeId })

export const reduceNodes = ({ nodes, members }: State, { event }: Envelope): Changes<Node> | undefined => {
  switch (event.type) {
    case 'NodeGatheredInfo':
      // Only members are listened to; a report that crossed a removal must not bring the machine back.
      return event.nodeId in members ? put(event.nodeId, { ...event.info, nodeId: event.nodeId }) : undefined
    case 'NodeLeaving':
    case 'NodeTimedOut':
    case 'MemberRemoved':
      return drop(nodes, event.nodeId)
    default:
      return undefined
  }
}
