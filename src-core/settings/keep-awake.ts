import { z } from 'zod'

/**
 * Whether a machine that runs a declared model is kept awake for it: `on-power` only while it is not on battery.
 * Downloads and answers that go on keep it awake in any case: they end.
 */
export const KeepAwake = z.enum(['never', 'on-power', 'always'])
export type KeepAwake = z.infer<typeof KeepAwake>
