import { z } from 'zod'
import { Bytes } from '../ids'
import { CodedText } from '../texts/coded'

/** Progress of a model's files on one node. */
export const Download = z.object({
  status: z.enum(['Pending', 'Ongoing', 'Complete', 'Failed']),
  downloadedBytes: Bytes,
  totalBytes: Bytes,
  /** Paused by a person; only with `Pending`. Older versions show it as waiting. */
  paused: z.boolean().optional(),
  bytesPerSecond: z.number().nonnegative().optional(),
  /** Why it failed, in English; `coded` is for other languages and absent from older versions. */
  error: z.string().optional(),
  coded: CodedText,
  /** Fingerprint of a complete model's files; changes with any of them. Absent from older versions. */
  fingerprint: z.string().max(100).optional(),
})
export type Download = z.infer<typeof Download>
