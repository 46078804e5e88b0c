import { z } from 'zod'
import { Bytes } from '../ids'

/** How far a model's files are on one node. */
export const Download = z.object({
  status: z.enum(['Pending', 'Ongoing', 'Complete', 'Failed']),
  downloadedBytes: Bytes,
  totalBytes: Bytes,
  /** A person paused it; only with `Pending`. Older versions show it as one that waits. */
  paused: z.boolean().optional(),
  bytesPerSecond: z.number().nonnegative().optional(),
  error: z.string().optional(),
  /** Of a complete model's files there: another one once any of them has changed. Absent from older versions. */
  fingerprint: z.string().max(100).optional(),
})
export type Download = z.infer<typeof Download>
