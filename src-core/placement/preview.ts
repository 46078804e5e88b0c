import { z } from 'zod'
import { NodeId } from '../ids'
import { MeasuredSpeed } from '../state/measured-speeds'
import { InstanceMeta, PlacementError, Sharding } from '../state/meta-instances'
import { Shard } from '../state/instances'

/** A placement that a declaration would get: memory in bytes, speeds in tokens a second, times in milliseconds. */
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
      /** Where the time of one token goes; a node of an earlier version does not say. */
      perToken: z.object({ readingMs: z.number(), layersMs: z.number(), linksMs: z.number() }).optional(),
    })
    .optional(),
  /** What this very placement gave when it last ran. */
  measured: MeasuredSpeed.pick({ tokensPerSecond: true, runs: true }).optional(),
  /** The one of its sharding and backend that the preference would take. */
  preferred: z.boolean().optional(),
})
export type Preview = z.infer<typeof Preview>

/** A kind of placement that is not possible now, and why. */
export const FailedPreview = z.object({
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  nodeIds: z.array(NodeId),
  error: PlacementError,
})
export type FailedPreview = z.infer<typeof FailedPreview>
