import { z } from 'zod'
import { Bytes, NodeId } from '../ids'
import { MeasuredSpeed } from './measured-speeds'

export const InterfaceType = z.enum(['thunderbolt', 'ethernet', 'wifi', 'loopback', 'unknown'])
export type InterfaceType = z.infer<typeof InterfaceType>

/** Memory in bytes. `ramAvailable` is what the system could give now; what our runners hold is not in it. */
export const NodeMemory = z.object({ ramTotal: Bytes, ramAvailable: Bytes, heldByRunners: Bytes })
export type NodeMemory = z.infer<typeof NodeMemory>

export const NetworkInterface = z.object({
  name: z.string(),
  type: InterfaceType,
  addresses: z.array(z.string()),
})
export type NetworkInterface = z.infer<typeof NetworkInterface>

/** What a machine says about itself. */
export const NodeInfo = z.object({
  version: z.string(),
  protocol: z.number().int(),
  chip: z.string(),
  memory: NodeMemory,
  /** Bytes per second, measured or from the chip's data sheet. */
  memoryBandwidth: z.number().positive().optional(),
  /** Of the volume that holds our models. */
  disk: z.object({ totalBytes: Bytes, freeBytes: Bytes }).optional(),
  /** Load in steps of 5 %, temperature in °C. */
  system: z.object({ cpuLoad: z.number().min(0).max(1), temperature: z.number().optional() }).optional(),
  network: z.object({ interfaces: z.array(NetworkInterface) }).optional(),
  thunderbolt: z.unknown().optional(),
  rdma: z.object({ enabled: z.boolean(), interfaces: z.array(z.string()) }).optional(),
  os: z.object({ platform: z.string(), release: z.string(), name: z.string() }),
  /** False on a node that only coordinates: nothing is placed on it. */
  worker: z.boolean(),
  /** What placements with this machine as rank 0 gave, the last used at the end. */
  speeds: z.array(MeasuredSpeed).optional(),
  /** Why this node cannot run models now (no Python environment, for one), for people. */
  cannotRun: z.string().optional(),
})
export type NodeInfo = z.infer<typeof NodeInfo>

export const Node = NodeInfo.extend({ nodeId: NodeId })
export type Node = z.infer<typeof Node>
