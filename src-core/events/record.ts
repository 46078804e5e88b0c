import { z } from 'zod'
import { Boot } from '../consensus/index'
import { NodeId } from '../ids'
import { Envelope } from './event'

/**
 * One record of the log. `sequence` numbers records without gaps; an envelope's own index also counts observations,
 * which are not written. A `term` record names the leader of a new term; the oldest ones have no `master`, as there was
 * only one node.
 */
export const LogRecord = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('decision'), sequence: z.number().int().positive(), envelope: Envelope }),
  z.object({
    kind: z.literal('term'),
    sequence: z.number().int().positive(),
    term: z.number().int().nonnegative(),
    master: NodeId.optional(),
    /** The run of the program in which that leader began it; see `Epoch`. */
    boot: Boot.optional(),
  }),
])
export type LogRecord = z.infer<typeof LogRecord>
