import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'

/** A trusted machine. Outlives the node's presence, so that an absent machine still has a name. */
export const Member = z.object({
  nodeId: NodeId,
  /** PEM. */
  certificate: z.string(),
  friendlyName: z.string().min(1).max(100),
  admittedAt: Timestamp,
})
export type Member = z.infer<typeof Member>
