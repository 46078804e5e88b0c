import { z } from 'zod'
import { MetaInstanceId, ModelId, NodeId, Timestamp } from '../ids'
import { HoursList, Scheduled } from '../schedules/hours'
import { CodedText } from '../texts/coded'
import { ExcludedMachines } from './exclusions'
import { Labels } from './labels'
import { MissingRdma } from './rdma'

/** How a model is sharded: consecutive layers on each machine, or an equal part of every layer on each. */
export const Sharding = z.enum(['Pipeline', 'Tensor'])
export type Sharding = z.infer<typeof Sharding>

/** Backend between ranks: TCP between ring neighbours, or RDMA between every pair. */
export const InstanceMeta = z.enum(['MlxRing', 'MlxJaccl'])
export type InstanceMeta = z.infer<typeof InstanceMeta>

/** Which of several groups of machines to choose; see `placement/preference.ts`. */
export const PlacementPreference = z.enum(['auto', 'largest', 'smallest', 'interactivity', 'throughput'])
export type PlacementPreference = z.infer<typeof PlacementPreference>

/** Preference of a declaration that sets none. */
export const DEFAULT_PREFERENCE: PlacementPreference = 'auto'

/** Why there is no placement, as a funnel: the machines considered and the rule that excluded each. Memory in bytes. */
export const PlacementErrorDetails = z.object({
  considered: z.number().int().nonnegative(),
  removed: z.array(ExcludedMachines),
  remaining: z.array(NodeId),
  /** The reason without the excluded machines, as a code. */
  problem: CodedText,
  freeBytes: z.number().optional(),
  neededBytes: z.number().optional(),
  /** If RDMA was requested: pairs without it, up to a limit. */
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

/** A machine that failed to load the model for a lasting reason, and the files it had. */
export const CannotLoad = z.object({
  nodeId: NodeId,
  reason: z.string(),
  /** The reason as a code. */
  coded: CodedText,
  /** Fingerprint of its files, as in `Download`; absent if the machine had not reported it. */
  fingerprint: z.string().optional(),
})
export type CannotLoad = z.infer<typeof CannotLoad>

/** Concurrent long requests. */
export const Concurrency = z.number().int().min(1).max(1024)
/** 8 bits halve the KV cache's memory and change the model's output slightly. */
export const KvBits = z.literal(8)
export type KvBits = z.infer<typeof KvBits>

/** Placement constraints of a declaration. */
export const Constraints = z.object({
  modelId: ModelId,
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  minNodes: z.number().int().min(1).max(1024),
  /** In rank order, if that order is a ring. */
  nodeIds: z.array(NodeId).min(1).optional(),
  placementPreference: PlacementPreference,
  /** Tokens of context to reserve memory for. */
  maxContext: z.number().int().positive().optional(),
  /** Requests of `maxContext` tokens to reserve memory for; absent: 1. More may run while memory is free. */
  concurrency: Concurrency.optional(),
  /** Bits per value in the KV cache; absent: the model's own 16. */
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer, for speculative decoding. */
  draftModelId: ModelId.optional(),
  /** A LoRA adapter of this model, applied when it is loaded: clients then ask for the adapter's id, not the model's. */
  adapterId: ModelId.optional(),
})
export type Constraints = z.infer<typeof Constraints>

/** Marks a declaration that a request created by naming an undeclared model; it ends after an idle time. */
export const OnRequest = z.object({
  /**
   * Idle time since the last request ended. 0: ends at once. Absent: ends only when deleted or when its memory is
   * needed.
   */
  idleSeconds: z.number().nonnegative().optional(),
})
export type OnRequest = z.infer<typeof OnRequest>

/** Number of instances, each on its own machines. */
export const Replicas = z.number().int().min(1).max(64)

/** An alias that every API accepts as a model id. */
export const MetaInstanceName = z.string().trim().min(1).max(100)

/** The person or team responsible, shown to people. */
export const Owner = z.string().trim().min(1).max(200)

/** A declaration: this model, sharded like this, always exists. */
export const MetaInstance = Constraints.extend({
  metaInstanceId: MetaInstanceId,
  name: MetaInstanceName.optional(),
  owner: Owner.optional(),
  labels: Labels.optional(),
  paused: z.boolean(),
  /** Absent: one. With more, `nodeIds` is the pool of machines that replicas are placed on. */
  replicas: Replicas.optional(),
  /** When the model is in memory; absent: always. */
  hours: HoursList.optional(),
  /** The state its hours give now; absent without hours, or before the leader has evaluated them. */
  schedule: Scheduled.extend({ since: Timestamp }).optional(),
  /** Set for temporary declarations. Absent: always on. Members of earlier versions keep it as always on. */
  onRequest: OnRequest.optional(),
  /** A temporary declaration that neither ends when idle nor gives way to other temporary ones. */
  pinned: z.boolean().optional(),
  /** Counts updates. An instance of an older generation may no longer match. */
  generation: z.number().int().nonnegative(),
  createdAt: Timestamp,
  placementError: PlacementError.optional(),
  /** Retries in place since the last recovery or new placement. */
  consecutiveFailures: z.number().int().nonnegative(),
  lastFailureError: z.string().optional(),
  /** The last failure as a code. */
  lastFailure: CodedText,
  /** Machines that failed last; placement prefers others until recovery. */
  failedNodeIds: z.array(NodeId).optional(),
  /** Machines excluded until the model's files there change, or a person changes the declaration. */
  cannotLoad: z.array(CannotLoad).optional(),
  /** Instances given up since the last recovery because their runners failed. */
  replacements: z.number().int().nonnegative(),
  /** Backoff: not placed before this time. */
  nextAttemptAt: Timestamp.optional(),
})
export type MetaInstance = z.infer<typeof MetaInstance>

/** Changes carried by `MetaInstanceUpdated`; `null` clears an optional field. */
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
  adapterId: ModelId.nullable().optional(),
  paused: z.boolean().optional(),
  replicas: Replicas.nullable().optional(),
  hours: HoursList.nullable().optional(),
  /** `null`: always on from now on. */
  onRequest: OnRequest.nullable().optional(),
  pinned: z.boolean().nullable().optional(),
})
export type MetaInstanceChanges = z.infer<typeof MetaInstanceChanges>
