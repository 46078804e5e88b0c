import { z } from 'zod'

/** Settings shared by all machines of a cluster. Changed by `SettingChanged` and stored in the state. */
export const ClusterSettings = z.object({
  name: z.string().min(1).max(100),
  /** Retries in place before an instance is given up. */
  maxRetries: z.number().int().min(0).max(100),
  /** Random id chosen at founding; distinguishes clusters of the same name. */
  clusterId: z.string().min(1).max(100).optional(),
})
export type ClusterSettings = z.infer<typeof ClusterSettings>

export const defaultClusterSettings: ClusterSettings = { name: 'Muster', maxRetries: 3 }

/** One setting with its new value. */
export const SettingChange = z.discriminatedUnion('key', [
  z.object({ key: z.literal('name'), value: ClusterSettings.shape.name }),
  z.object({ key: z.literal('maxRetries'), value: ClusterSettings.shape.maxRetries }),
  z.object({ key: z.literal('clusterId'), value: ClusterSettings.shape.clusterId.unwrap() }),
])
export type SettingChange = z.infer<typeof SettingChange>
