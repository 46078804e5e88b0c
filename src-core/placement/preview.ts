import { z } from 'zod'
import { NodeId } from '../ids'
import { MeasuredSpeed } from '../state/measured-speeds'
import { InstanceMeta, PlacementError, Sharding } from '../state/meta-instances'
import { Shard } from '../state/instances'
import { Ending } from './ending'

/** A placement that a declaration would get: memory in bytes, speeds in tokens per second, times in milliseconds. */
export const Preview = z.object({
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  nodeIds: z.array(NodeId),
  memoryDeltaByNode: z.record(z.string(), z.number()),
  shards: z.array(Shard.omit({ runnerId: true })),
  predicted: z
    .object({
      tokensPerSecond: z.number(),
      firstTokenMs: z.number(),
      /** Breakdown of the time per token; absent from nodes of earlier versions. */
      perToken: z.object({ readingMs: z.number(), layersMs: z.number(), linksMs: z.number() }).optional(),
    })
    .optional(),
  /** Speed of exactly this placement when it last ran. */
  measured: MeasuredSpeed.pick({ tokensPerSecond: true, runs: true }).optional(),
  /** Whether the preference would choose this one for its sharding and backend. */
  preferred: z.boolean().optional(),
  /** What ends because a declaration placed so needs its memory; absent if nothing. */
  ends: z.array(Ending).optional(),
})
export type Preview = z.infer<typeof Preview>

/** A sharding and backend that cannot be placed now, and why. */
export const FailedPreview = z.object({
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  nodeIds: z.array(NodeId),
  error: PlacementError,
})
export type FailedPreview = z.infer<typeof FailedPreview>
