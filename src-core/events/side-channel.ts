import { z } from 'zod'
import { InstanceId, RunnerId } from '../ids'

/** One rank's part of an all-gather round while a JACCL group is made; bytes are base64. */
export const JacclSideChannelData = z.object({
  type: z.literal('JacclSideChannelData'),
  instanceId: InstanceId,
  runnerId: RunnerId,
  sequence: z.number().int().nonnegative(),
  data: z.string(),
})

/** A complete round, by runner. */
export const JacclSideChannelGathered = z.object({
  type: z.literal('JacclSideChannelGathered'),
  instanceId: InstanceId,
  sequence: z.number().int().nonnegative(),
  gathered: z.record(z.string(), z.string()),
})
