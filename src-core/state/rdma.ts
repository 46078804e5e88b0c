import { z } from 'zod'
import { NodeId } from '../ids'
import { CodedText } from '../texts/coded'

/** `rdma_en3` belongs to the interface `en3` (Apple TN3205). */
export const RdmaDevice = z.object({
  name: z.string(),
  interfaceName: z.string(),
  port: z.enum(['active', 'down', 'unknown']),
  /** Without an IPv4 address on its interface, the device has no usable GID. */
  hasAddress: z.boolean(),
  /**
   * Whether the device could be opened and queried when last tried. Allocating a protection domain is not tested: see
   * docs/mac-readiness.md.
   */
  health: z.enum(['healthy', 'unhealthy', 'unknown']),
  /** The error, if unhealthy. */
  problem: z.string().optional(),
})
export type RdmaDevice = z.infer<typeof RdmaDevice>

/** `enabled` alone proves nothing: macOS reports it for Thunderbolt 4 machines too. */
export const RdmaFacts = z.object({
  status: z.enum(['enabled', 'disabled', 'unavailable', 'unknown']),
  devices: z.array(RdmaDevice),
  /** Runners killed while using RDMA since this machine started; each leaks a protection domain. */
  killedRunners: z.number().int().nonnegative().optional(),
})
export type RdmaFacts = z.infer<typeof RdmaFacts>

/** Why two machines have no RDMA between them, or may have trouble with it. Earlier reasons hide later ones. */
export const RdmaReasonCode = z.enum([
  'offline',
  'not_a_mac',
  'macos_too_old',
  'thunderbolt_4',
  'not_enabled',
  'unavailable',
  'status_unknown',
  'not_read',
  'no_cable',
  'cable_speed',
  'studio_port',
  'bridge',
  'no_device',
  'port_down',
  'no_address',
  'unhealthy',
  'not_connected',
  'not_reported',
  'versions_differ',
])
export type RdmaReasonCode = z.infer<typeof RdmaReasonCode>

export const RdmaReason = z.object({
  code: RdmaReasonCode,
  /** The machine it is about; absent if it is about the connection. */
  nodeId: NodeId.optional(),
  /** The interface it is about (`en3`), which also names its port and device. */
  interfaceName: z.string().optional(),
  /** The bridge that the interface belongs to. */
  bridge: z.string().optional(),
  /** For people, as it reads after "RDMA: ". */
  text: z.string(),
  /** The same as a code. */
  coded: CodedText,
})
export type RdmaReason = z.infer<typeof RdmaReason>

/** Two machines without RDMA between them, and why. */
export const MissingRdma = z.object({ nodeIds: z.tuple([NodeId, NodeId]), reasons: z.array(RdmaReason) })
export type MissingRdma = z.infer<typeof MissingRdma>
