import { z } from 'zod'

/** What a machine stays awake for, the most pressing first. */
export const AwakeReason = z.enum(['download', 'model', 'answer'])
export type AwakeReason = z.infer<typeof AwakeReason>

/** What a machine says of its sleep. */
export const PowerFacts = z.object({
  onBattery: z.boolean(),
  /** Why the system was asked not to sleep by itself; absent where it may. A person or a closed lid can still send it there. */
  awakeFor: AwakeReason.optional(),
})
export type PowerFacts = z.infer<typeof PowerFacts>
