import { z } from 'zod'
import { PowerFacts } from '../state/power'
import { KeepAwake } from '../settings/keep-awake'

/** `GET /node/power`: whether this machine may sleep, and its setting. */
export const PowerView = PowerFacts.extend({
  keepAwake: KeepAwake,
  /** Whether the command line or the environment fixes the setting. */
  fixed: z.boolean(),
})
export type PowerView = z.infer<typeof PowerView>

/** `PATCH /node/power` */
export const ChangePowerRequest = z.strictObject({ keepAwake: KeepAwake })
export type ChangePowerRequest = z.infer<typeof ChangePowerRequest>
