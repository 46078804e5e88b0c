import { z } from 'zod'
import { NodeId } from '../ids'

/** A member whose system clock differs from those of the others. `aheadMs` is negative if it is behind. */
export const WrongClock = z.object({ nodeId: NodeId, aheadMs: z.number().int() })
export type WrongClock = z.infer<typeof WrongClock>
