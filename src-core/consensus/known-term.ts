import { z } from 'zod'
import { NodeId } from '../ids'

/**
 * The highest term that a node took part in, and the leader it accepted there: raft's hard state. The shell syncs it to
 * disk before any message with it is sent. Otherwise a node that lost it, in a crash or with discarded records, could
 * lead twice in one term.
 */
export const KnownTerm = z.object({
  term: z.number().int().nonnegative(),
  obeyed: NodeId.optional(),
  /** The stored value cannot be read, so the term is unknown. */
  isLost: z.boolean().optional(),
})
export type KnownTerm = z.infer<typeof KnownTerm>
