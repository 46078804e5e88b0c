import { z } from 'zod'
import { NodeId } from '../ids'
import { NodeInfo } from '../state/nodes'

export const NodeGatheredInfo = z.object({ type: z.literal('NodeGatheredInfo'), nodeId: NodeId, info: NodeInfo })
export const NodeLeaving = z.object({ type: z.literal('NodeLeaving'), nodeId: NodeId, reason: z.string() })
export const NodeTimedOut = z.object({ type: z.literal('NodeTimedOut'), nodeId: NodeId })
