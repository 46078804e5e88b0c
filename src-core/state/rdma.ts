import { z } from 'zod'

/** `rdma_en3` belongs to the interface `en3` (Apple TN3205). */
export const RdmaDevice = z.object({
  name: z.string(),
  interfaceName: z.string(),
  port: z.enum(['active', 'down', 'unknown']),
  /** Without an IPv4 address on its interface the device has no usable GID. */
  hasAddress: z.boolean(),
  /** Whether it could be opened and given a protection domain when last tried. */
  health: z.enum(['healthy', 'unhealthy', 'unknown']),
  /** What it said, where it is unhealthy. */
  problem: z.string().optional(),
})
export type RdmaDevice = z.infer<typeof RdmaDevice>

/** `enabled` by itself proves nothing: macOS says it of Thunderbolt 4 machines too. */
export const RdmaFacts = z.object({
  status: z.enum(['enabled', 'disabled', 'unavailable', 'unknown']),
  devices: z.array(RdmaDevice),
  /** Runners that were killed while they used RDMA, since this machine started: each keeps a protection domain. */
  killedRunners: z.number().int().nonnegative().optional(),
})
export type RdmaFacts = z.infer<typeof RdmaFacts>
