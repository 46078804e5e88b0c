import { z } from 'zod'
import { Bytes, NodeId } from '../ids'
import { CodedText } from '../texts/coded'
import { DeclarationFaults } from './declaration-faults'
import { PowerFacts } from './power'
import { MeasuredSpeed } from './measured-speeds'
import { RdmaFacts } from './rdma'
import { ThunderboltFacts } from './thunderbolt'
import { WrongClock } from './wrong-clocks'

export const InterfaceType = z.enum(['thunderbolt', 'ethernet', 'wifi', 'loopback', 'unknown'])
export type InterfaceType = z.infer<typeof InterfaceType>

/** Memory in bytes. `ramAvailable` is what the system can give now; it excludes what our runners hold. */
export const NodeMemory = z.object({ ramTotal: Bytes, ramAvailable: Bytes, heldByRunners: Bytes })
export type NodeMemory = z.infer<typeof NodeMemory>

export const NetworkInterface = z.object({
  name: z.string(),
  type: InterfaceType,
  addresses: z.array(z.string()),
})
export type NetworkInterface = z.infer<typeof NetworkInterface>

/** What a machine reports about itself. */
export const NodeInfo = z.object({
  version: z.string(),
  protocol: z.number().int(),
  chip: z.string(),
  /** Hardware model: `Mac15,14`, `Mac Studio`. */
  model: z.object({ identifier: z.string(), name: z.string().optional() }).optional(),
  memory: NodeMemory,
  /** Bytes per second, measured or from the chip's data sheet. */
  memoryBandwidth: z.number().positive().optional(),
  /** The volume that holds the models. */
  disk: z.object({ totalBytes: Bytes, freeBytes: Bytes }).optional(),
  /** Loads in steps of 5 %, temperature in °C, power in watts; `memoryPressure` as macOS grades it. */
  system: z
    .object({
      cpuLoad: z.number().min(0).max(1),
      gpuLoad: z.number().min(0).max(1).optional(),
      temperature: z.number().optional(),
      powerWatts: z.number().nonnegative().optional(),
      memoryPressure: z.enum(['normal', 'warning', 'critical']).optional(),
    })
    .optional(),
  network: z.object({ interfaces: z.array(NetworkInterface) }).optional(),
  thunderbolt: ThunderboltFacts.optional(),
  rdma: RdmaFacts.optional(),
  /** `version` and `build` in the system's own form: `26.5.1`, `25F80`. */
  os: z.object({
    platform: z.string(),
    release: z.string(),
    name: z.string(),
    version: z.string().optional(),
    build: z.string().optional(),
  }),
  /** False on a node that only coordinates; nothing is placed on it. */
  worker: z.boolean(),
  /** Speeds of placements with this machine as rank 0, most recently used last. */
  speeds: z.array(MeasuredSpeed).optional(),
  /** Why this node cannot run models now (such as a missing Python environment), for people. */
  cannotRun: z.string().optional(),
  /** The same as a code with values; absent if `MUSTER_PYTHON_PROBLEM` gave the reason, and from older versions. */
  cannotRunCoded: CodedText,
  /** What is wrong in the folder of declaration files that this machine watches; absent from older versions. */
  declarationFaults: DeclarationFaults.optional(),
  /** Members whose clocks are wrong, if this machine leads. */
  wrongClocks: z.array(WrongClock).optional(),
  /** Sleep and battery; absent from older versions. */
  power: PowerFacts.optional(),
})
export type NodeInfo = z.infer<typeof NodeInfo>

/** First protocol version whose machines run embedding models. */
export const EMBEDDINGS_SINCE_PROTOCOL = 3

export const Node = NodeInfo.extend({ nodeId: NodeId })
export type Node = z.infer<typeof Node>
