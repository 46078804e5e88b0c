import { z } from 'zod'
import { InstanceId, RunnerId } from '../ids'

/** Most bytes that one rank may contribute to a round. JACCL uses 32 bytes per machine, of at most 8. */
export const MAX_ROUND_BYTES = 64 * 1024

const Bytes = z.string().max(4 * Math.ceil(MAX_ROUND_BYTES / 3))

/** One rank's part of an all-gather round while a JACCL group is formed; bytes are base64. */
export const JacclSideChannelData = z.object({
  type: z.literal('JacclSideChannelData'),
  instanceId: InstanceId,
  runnerId: RunnerId,
  sequence: z.number().int().nonnegative(),
  data: Bytes,
})

/** A complete round, by runner. */
export const JacclSideChannelGathered = z.object({
  type: z.literal('JacclSideChannelGathered'),
  instanceId: InstanceId,
  sequence: z.number().int().nonnegative(),
  gathered: z.record(z.string(), Bytes),
})
