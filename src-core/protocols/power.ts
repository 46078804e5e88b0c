import { z } from 'zod'
import { PowerFacts } from '../state/power'
import { KeepAwake } from '../settings/keep-awake'

/** `GET /node/power`: whether this machine may sleep, and what is set about it. */
export const PowerView = PowerFacts.extend({
  keepAwake: KeepAwake,
  /** The command line or the environment holds the setting. */
  fixed: z.boolean(),
})
export type PowerView = z.infer<typeof PowerView>

/** `PATCH /node/power` */
export const ChangePowerRequest = z.strictObject({ keepAwake: KeepAwake })
export type ChangePowerRequest = z.infer<typeof ChangePowerRequest>
