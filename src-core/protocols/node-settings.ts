import { z } from 'zod'
import { HubKind } from '../settings/hub-kind'
import { LoadOnRequest, NodeSettings } from '../settings/node'

/** Schemas of the control API for the settings of one machine. */

/** Node settings that can be changed at run time. */
const ChangeableSettings = NodeSettings.pick({
  loadOnRequest: true,
  onRequestIdleSeconds: true,
  diskCacheGigabytes: true,
  downloadBytesPerSecond: true,
  keepFreeGigabytes: true,
  hub: true,
}).extend({
  /** Whether the API listens on the network after the next start; every request then needs a key. */
  servesNetwork: z.boolean(),
})

/** `GET /node/settings` */
export const NodeSettingsView = z.object({
  settings: ChangeableSettings,
  /** Names of settings fixed by the command line or the environment. */
  fixed: z.array(z.string()),
  /** Effective value: whether this node loads models on request. */
  loadsOnRequest: z.boolean(),
  /** Whether this node has a hub token in its settings. No response contains the token. Absent from older versions. */
  hubTokenSaved: z.boolean().optional(),
  /** Whether the API listens on the network now. */
  servesNetworkNow: z.boolean(),
})
export type NodeSettingsView = z.infer<typeof NodeSettingsView>

/** `PATCH /node/settings` */
export const ChangeNodeSettingsRequest = z.strictObject({
  loadOnRequest: LoadOnRequest.optional(),
  onRequestIdleSeconds: NodeSettings.shape.onRequestIdleSeconds.unwrap().optional(),
  /** Applies to models loaded from now on; 0 deletes the cached files at once. */
  diskCacheGigabytes: NodeSettings.shape.diskCacheGigabytes.unwrap().optional(),
  downloadBytesPerSecond: NodeSettings.shape.downloadBytesPerSecond.unwrap().optional(),
  keepFreeGigabytes: NodeSettings.shape.keepFreeGigabytes.unwrap().optional(),
  servesNetwork: z.boolean().optional(),
  /** Used from the next start on. */
  hub: HubKind.optional(),
  /** Used from the next request to the hub on; `null` removes it. */
  hubToken: NodeSettings.shape.hubToken.unwrap().nullable().optional(),
})
export type ChangeNodeSettingsRequest = z.infer<typeof ChangeNodeSettingsRequest>
