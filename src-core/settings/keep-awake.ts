import { z } from 'zod'

/**
 * Whether a machine that runs a declared model is kept awake for it; `on-power`: except on battery. Downloads and
 * running requests keep it awake in any case, as they end by themselves.
 */
export const KeepAwake = z.enum(['never', 'on-power', 'always'])
export type KeepAwake = z.infer<typeof KeepAwake>
