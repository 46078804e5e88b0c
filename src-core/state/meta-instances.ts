import { z } from 'zod'
import { MetaInstanceId, ModelId, NodeId, Timestamp } from '../ids'
import { HoursList, Scheduled } from '../schedules/hours'
import { CodedText } from '../texts/coded'
import { Labels } from './labels'
import { MissingRdma } from './rdma'

/** How a model is shared out: consecutive layers per machine, or an equal part of every layer on each. */
export const Sharding = z.enum(['Pipeline', 'Tensor'])
export type Sharding = z.infer<typeof Sharding>

/** What the ranks talk over: TCP between ring neighbours, or RDMA between every pair. */
export const InstanceMeta = z.enum(['MlxRing', 'MlxJaccl'])
export type InstanceMeta = z.infer<typeof InstanceMeta>

/** Which of several groups of machines is taken; `placement/preference.ts` says what each compares. */
export const PlacementPreference = z.enum(['auto', 'largest', 'smallest', 'interactivity', 'throughput'])
export type PlacementPreference = z.infer<typeof PlacementPreference>

/** What a declaration gets that asks for none. */
export const DEFAULT_PREFERENCE: PlacementPreference = 'auto'

/** Why there is no placement, as a funnel: who was looked at and who fell out at which rule. Bytes are numbers of bytes. */
export const PlacementErrorDetails = z.object({
  considered: z.number().int().nonnegative(),
  removed: z.array(z.object({ rule: z.string(), nodeIds: z.array(NodeId), detail: z.string(), coded: CodedText })),
  remaining: z.array(NodeId),
  freeBytes: z.number().optional(),
  neededBytes: z.number().optional(),
  /** Where RDMA was asked for: pairs that have none, as many as are worth reading. */
  withoutRdma: z.array(MissingRdma).optional(),
})
export type PlacementErrorDetails = z.infer<typeof PlacementErrorDetails>

export const PlacementError = z.object({
  reason: z.string(),
  /** The reason as a code. */
  coded: CodedText,
  code: z.string(),
  details: PlacementErrorDetails.optional(),
})
export type PlacementError = z.infer<typeof PlacementError>

/** A machine that could not load the model for a lasting reason, and the files that it had then. */
export const CannotLoad = z.object({
  nodeId: NodeId,
  reason: z.string(),
  /** The reason as a code. */
  coded: CodedText,
  /** Of the files there, as in `Download`; absent where the machine had not told it. */
  fingerprint: z.string().optional(),
})
export type CannotLoad = z.infer<typeof CannotLoad>

/** Long requests at once. */
export const Concurrency = z.number().int().min(1).max(1024)
/** Keys and values in 8 bits take half the memory, and change what the model computes a little. */
export const KvBits = z.literal(8)
export type KvBits = z.infer<typeof KvBits>

/** What a person may constrain about a declaration. */
export const Constraints = z.object({
  modelId: ModelId,
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  minNodes: z.number().int().min(1).max(1024),
  /** In rank order, where that order is a ring. */
  nodeIds: z.array(NodeId).min(1).optional(),
  placementPreference: PlacementPreference,
  /** Tokens of context to keep memory for. */
  maxContext: z.number().int().positive().optional(),
  /** Requests of that length that memory is kept for at once; 1 where it is absent. More may run while memory is free. */
  concurrency: Concurrency.optional(),
  /** Bits of a value in the KV cache; the model's own 16 where it is absent. */
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer, which guesses next tokens for this one. */
  draftModelId: ModelId.optional(),
})
export type Constraints = z.infer<typeof Constraints>

/** A model that was loaded because a request asked for it: it ends when nobody has asked for so long. */
export const OnRequest = z.object({
  /** From the end of the last request on. 0: at once. Absent: not until somebody ends it, or its memory is needed. */
  idleSeconds: z.number().nonnegative().optional(),
})
export type OnRequest = z.infer<typeof OnRequest>

/** How many instances, each on machines of its own. */
export const Replicas = z.number().int().min(1).max(64)

/** An alias that every API takes as a model id. */
export const MetaInstanceName = z.string().trim().min(1).max(100)

/** Who answers for a declaration, for people. */
export const Owner = z.string().trim().min(1).max(200)

/** The declaration: this model, shared out like this, always exists. */
export const MetaInstance = Constraints.extend({
  metaInstanceId: MetaInstanceId,
  name: MetaInstanceName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean(),
  /** Absent: one. With more `nodeIds` are the machines among which they are shared out. */
  replicas: Replicas.optional(),
  /** When it is in memory; absent: always. */
  hours: HoursList.optional(),
  /** What its hours come to now; absent where it has none, or the leader has not looked yet. */
  schedule: Scheduled.extend({ since: Timestamp }).optional(),
  /** Of a temporary declaration. Absent: always on. A member of a version before this keeps it as always on. */
  onRequest: OnRequest.optional(),
  /** A temporary one that does not end by idling, nor give way to other temporary ones. */
  pinned: z.boolean().optional(),
  /** Counts the updates; an instance of an older generation may no longer fit. */
  generation: z.number().int().nonnegative(),
  createdAt: Timestamp,
  placementError: PlacementError.optional(),
  /** Retries in place since the last recovery or new placement. */
  consecutiveFailures: z.number().int().nonnegative(),
  lastFailureError: z.string().optional(),
  /** The same as a code. */
  lastFailure: CodedText,
  /** The machines that failed last; placing prefers others until it has recovered. */
  failedNodeIds: z.array(NodeId).optional(),
  /** Machines that are not tried again until the model's files there change, or a person changes the declaration. */
  cannotLoad: z.array(CannotLoad).optional(),
  /** Instances given up since the last recovery because their runners failed. */
  replacements: z.number().int().nonnegative(),
  /** Not placed before this time. */
  nextAttemptAt: Timestamp.optional(),
})
export type MetaInstance = z.infer<typeof MetaInstance>

/** What `MetaInstanceUpdated` may carry; `null` clears an optional field. */
export const MetaInstanceChanges = z.object({
  name: MetaInstanceName.nullable().optional(),
  owner: Owner.nullable().optional(),
  labels: Labels.nullable().optional(),
  modelId: ModelId.optional(),
  sharding: Sharding.optional(),
  instanceMeta: InstanceMeta.optional(),
  minNodes: z.number().int().min(1).max(1024).optional(),
  nodeIds: z.array(NodeId).min(1).nullable().optional(),
  placementPreference: PlacementPreference.optional(),
  maxContext: z.number().int().positive().nullable().optional(),
  concurrency: Concurrency.nullable().optional(),
  kvBits: KvBits.nullable().optional(),
  draftModelId: ModelId.nullable().optional(),
  paused: z.boolean().optional(),
  replicas: Replicas.nullable().optional(),
  hours: HoursList.nullable().optional(),
  /** `null`: always on from now on. */
  onRequest: OnRequest.nullable().optional(),
  pinned: z.boolean().nullable().optional(),
})
export type MetaInstanceChanges = z.infer<typeof MetaInstanceChanges>
