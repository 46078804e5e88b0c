import { z } from 'zod'
import { InstanceId, MetaInstanceId, ModelId, NodeId, RunnerId, Timestamp } from '../ids'
import { Concurrency, InstanceMeta, KvBits, Sharding } from './meta-instances'

/** One rank's part of a model. Layers are a half-open range; with `Tensor` every rank has all layers. */
export const Shard = z.object({
  nodeId: NodeId,
  runnerId: RunnerId,
  rank: z.number().int().nonnegative(),
  worldSize: z.number().int().positive(),
  startLayer: z.number().int().nonnegative(),
  endLayer: z.number().int().positive(),
  layers: z.number().int().positive(),
})
export type Shard = z.infer<typeof Shard>

/** Addresses that each node uses for each rank; null for itself and for ranks that are not its neighbours. */
export const RingConnections = z.object({ hostsByNode: z.record(z.string(), z.array(z.string().nullable())) })
export type RingConnections = z.infer<typeof RingConnections>

/** `devices[i][j]`: rank i's RDMA interface towards rank j; null on the diagonal. */
export const JacclConnections = z.object({ devices: z.array(z.array(z.string().nullable())) })
export type JacclConnections = z.infer<typeof JacclConnections>

/** One placement of a model. Its binding to a declaration is stored here only. */
export const Instance = z.object({
  instanceId: InstanceId,
  metaInstanceId: MetaInstanceId.optional(),
  /** The declaration's generation that it was placed for. */
  generation: z.number().int().nonnegative().optional(),
  /** The older instance that is deleted when this one is ready. */
  replaces: InstanceId.optional(),
  modelId: ModelId,
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  /** In rank order. */
  shards: z.array(Shard).min(1),
  /** Bytes this instance claims on each node: its shard and its part of the KV cache. */
  claims: z.record(z.string(), z.number().nonnegative()),
  maxContext: z.number().int().positive().optional(),
  concurrency: Concurrency.optional(),
  kvBits: KvBits.optional(),
  /** Draft model for speculative decoding, on rank 0's node. */
  draftModelId: ModelId.optional(),
  /** Applied by every rank when it loads the model. */
  adapterId: ModelId.optional(),
  ring: RingConnections.optional(),
  jaccl: JacclConnections.optional(),
  createdAt: Timestamp,
  /** When all runners first became ready in the current attempt. */
  readySince: Timestamp.optional(),
})
export type Instance = z.infer<typeof Instance>
