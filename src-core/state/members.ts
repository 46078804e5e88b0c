import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'

/** A trusted machine. Kept while the machine is offline, so that it still has a name. */
export const Member = z.object({
  nodeId: NodeId,
  /** PEM. */
  certificate: z.string(),
  friendlyName: z.string().min(1).max(100),
  /**
   * The machine's own last name, kept only while people have given it another. The given name stays until the machine
   * changes its own name.
   */
  ownName: z.string().min(1).max(100).optional(),
  /** Its models move elsewhere and nothing is placed on it until the drain is cancelled. */
  drained: z.literal(true).optional(),
  admittedAt: Timestamp,
})
export type Member = z.infer<typeof Member>
