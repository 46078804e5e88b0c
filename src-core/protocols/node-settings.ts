import { z } from 'zod'
import { LoadOnRequest, NodeSettings } from '../settings/node'

/** Schemas of the control API about the settings of one machine. */

/** What of a node's settings can be changed while it runs. */
const ChangeableSettings = NodeSettings.pick({
  loadOnRequest: true,
  onRequestIdleSeconds: true,
  diskCacheGigabytes: true,
  downloadBytesPerSecond: true,
  keepFreeGigabytes: true,
}).extend({
  /** Whether the API listens on the network from the next start on; every request needs a key then. */
  servesNetwork: z.boolean(),
})

/** `GET /node/settings` */
export const NodeSettingsView = z.object({
  settings: ChangeableSettings,
  /** Those that the command line or the environment holds fixed. */
  fixed: z.array(z.string()),
  /** Whether it loads models on request, as the settings come to. */
  loadsOnRequest: z.boolean(),
  /** Whether the API listens on the network now. */
  servesNetworkNow: z.boolean(),
})
export type NodeSettingsView = z.infer<typeof NodeSettingsView>

/** `PATCH /node/settings` */
export const ChangeNodeSettingsRequest = z.strictObject({
  loadOnRequest: LoadOnRequest.optional(),
  onRequestIdleSeconds: NodeSettings.shape.onRequestIdleSeconds.unwrap().optional(),
  /** Holds for models that are loaded from then on; 0 removes what lies there at once. */
  diskCacheGigabytes: NodeSettings.shape.diskCacheGigabytes.unwrap().optional(),
  downloadBytesPerSecond: NodeSettings.shape.downloadBytesPerSecond.unwrap().optional(),
  keepFreeGigabytes: NodeSettings.shape.keepFreeGigabytes.unwrap().optional(),
  servesNetwork: z.boolean().optional(),
})
export type ChangeNodeSettingsRequest = z.infer<typeof ChangeNodeSettingsRequest>
