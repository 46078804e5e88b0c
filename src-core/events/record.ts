import { z } from 'zod'
import { NodeId } from '../ids'
import { Envelope } from './event'

/**
 * One record of the log. `sequence` counts records without a gap; an envelope's own index also counts
 * observations, which are not written. A `term` record says who began to decide; the oldest ones do not
 * say who, for there was nobody else.
 */
export const LogRecord = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('decision'), sequence: z.number().int().positive(), envelope: Envelope }),
  z.object({
    kind: z.literal('term'),
    sequence: z.number().int().positive(),
    term: z.number().int().nonnegative(),
    master: NodeId.optional(),
  }),
])
export type LogRecord = z.infer<typeof LogRecord>
