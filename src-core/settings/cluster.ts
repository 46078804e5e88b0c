import { z } from 'zod'

/** What all machines of a cluster agree on. Changed by `SettingChanged`, kept in the state. */
export const ClusterSettings = z.object({
  name: z.string().min(1).max(100),
  /** How often an instance is loaded again in place before it is given up. */
  maxRetries: z.number().int().min(0).max(100),
  /** Drawn when the cluster was founded; tells clusters of the same name apart. */
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
