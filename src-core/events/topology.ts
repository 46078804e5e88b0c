import { z } from 'zod'
import { Edge } from '../state/topology'

export const TopologyEdgeCreated = z.object({ type: z.literal('TopologyEdgeCreated'), edge: Edge })
export const TopologyEdgeDeleted = z.object({ type: z.literal('TopologyEdgeDeleted'), edge: Edge })
