import { z } from 'zod'

/** Reasons to keep a machine awake, highest priority first. */
export const AwakeReason = z.enum(['download', 'model', 'answer'])
export type AwakeReason = z.infer<typeof AwakeReason>

/** What a machine reports about its sleep. */
export const PowerFacts = z.object({
  onBattery: z.boolean(),
  /**
   * Why Muster prevents idle sleep; absent if it does not. A person or a closed lid can still put the machine to sleep.
   */
  awakeFor: AwakeReason.optional(),
})
export type PowerFacts = z.infer<typeof PowerFacts>
