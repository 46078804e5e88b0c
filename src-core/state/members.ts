import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'

/** A trusted machine. Outlives the node's presence, so that an absent machine still has a name. */
export const Member = z.object({
  nodeId: NodeId,
  /** PEM. */
  certificate: z.string(),
  friendlyName: z.string().min(1).max(100),
  /**
   * What the machine last called itself, where people call it otherwise: the name that people gave stays until the
   * machine calls itself something else than that.
   */
  ownName: z.string().min(1).max(100).optional(),
  /** Its models are moved elsewhere, and nothing is placed on it, until people take that back. */
  drained: z.literal(true).optional(),
  admittedAt: Timestamp,
})
export type Member = z.infer<typeof Member>
