import { z } from 'zod'
import { GenerationRequest } from '../generation/request'
import { ContentDelta, Embedding, FinishReason, GenerationErrorCode, LogprobEntry, Usage } from '../generation/stream'
import { ModelId, RunnerId, TaskId } from '../ids'
import { Concurrency, InstanceMeta, KvBits, Sharding } from '../state/meta-instances'
import { BlocksFolder } from './prompt-blocks'

/**
 * The protocol between the supervisor and one runner, over two named pipes. A frame is a `uint32` little-endian byte
 * count followed by that many bytes of UTF-8 JSON.
 *
 * The supervisor sends `hello` first and the runner answers with its own; a runner that was started early waits for it
 * with its imports done. Closing the command pipe ends the runner.
 *
 * A runner in an RDMA group has two more pipes, for the all-gathers in which ranks exchange connection data: on
 * `side-channel-out` it requests a round with a `uint32` little-endian byte count and its own bytes; on
 * `side-channel-in` it receives a `uint32` little-endian total and the bytes of every rank in rank order.
 */
export const RUNNER_PROTOCOL = 2

/** A frame above this size fails the runner that sent it. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

export const RunnerShard = z.strictObject({
  rank: z.number().int().nonnegative(),
  worldSize: z.number().int().positive(),
  /** Half-open range of the model's decoder layers. */
  startLayer: z.number().int().nonnegative(),
  endLayer: z.number().int().positive(),
  layers: z.number().int().positive(),
})
export type RunnerShard = z.infer<typeof RunnerShard>

/** What a runner loads into memory. */
export const LoadCommand = z.strictObject({
  type: z.literal('load'),
  modelId: ModelId,
  /** Directory in MLX's layout: config.json, *.safetensors, tokenizer files. */
  modelPath: z.string().min(1),
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  shard: RunnerShard,
  /** Tokens of context to reserve; absent: the model's own limit. */
  maxContext: z.number().int().positive().optional(),
  /** Requests of that length that the placement reserved memory for; absent: one. */
  concurrency: Concurrency.optional(),
  /** Bits per cached key or value; absent: the model's own. */
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer for speculative decoding; rank 0 only. */
  draft: z.strictObject({ modelId: ModelId, modelPath: z.string().min(1) }).optional(),
  /** A LoRA adapter in mlx-lm's format, which every rank applies to its own layers. */
  adapter: z.strictObject({ adapterId: ModelId, adapterPath: z.string().min(1) }).optional(),
  /** Memory and disk for this rank's KV cache, of live and earlier requests. */
  cache: z
    .strictObject({
      /** Bytes beyond the placement's claim that may be used while the machine has memory to spare. */
      spareBytes: z.number().int().nonnegative().optional(),
      /** Cache that outlives the runner: a folder shared by all models, with its size limit in bytes. */
      disk: z.strictObject({ directory: z.string().min(1), maxBytes: z.number().int().positive() }).optional(),
    })
    .optional(),
  /**
   * Addresses of the ranks as this rank reaches them, by rank, `ip:port`; its own entry is where it listens. Only for
   * several ranks. A ring uses only its own entry and the next rank's; the others may be null.
   */
  ring: z.strictObject({ hosts: z.array(z.string().min(1).nullable()).min(2) }).optional(),
  /** RDMA connections of the ranks, if any; the ranks then exchange addresses through the side channel. */
  jaccl: z
    .strictObject({
      /** By rank, then by target rank: the RDMA device; null on the diagonal. */
      devices: z.array(z.array(z.string().min(1).nullable()).min(2)).min(2),
      /**
       * A rehearsal on machines without RDMA: the ranks go through the side channel as JACCL does, and compute over
       * `ring`. Their data include this attempt's name, so that attempts cannot be mixed up.
       */
      rehearsal: z.strictObject({ attempt: z.string().min(1) }).optional(),
    })
    .optional(),
})
export type LoadCommand = z.infer<typeof LoadCommand>

/** Shared secret of the supervisor that leaves a runner and the one that adopts it; used once. */
export const HandoverToken = z.string().min(32).max(200)

/** Supervisor to runner. */
export const RunnerCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocol: z.number().int(), runnerId: RunnerId }),
  LoadCommand,
  /**
   * To every rank but 0: rank 0 has work and waits for this rank in the collective that starts `epoch`. Epochs count up
   * from 1; one that has passed is ignored.
   */
  z.strictObject({ type: z.literal('wake'), epoch: z.number().int().positive() }),
  z.strictObject({ type: z.literal('generate'), request: GenerationRequest }),
  /** Stops prefill or decode within one step; answered by `finished` with `cancelled`. Unknown ids are ignored. */
  z.strictObject({ type: z.literal('cancel'), taskId: TaskId }),
  /**
   * The supervisor is about to exit and leaves the runner to its successor: answered by `handedOver`, after which the
   * runner sends nothing until it is adopted. If that does not happen within `seconds`, it exits.
   */
  z.strictObject({ type: z.literal('handOver'), token: HandoverToken, seconds: z.number().int().positive() }),
  /**
   * From the new supervisor, whose process id is `supervisor`. Answered by `hello` and the status if the protocol and
   * the token match, otherwise not at all.
   */
  z.strictObject({
    type: z.literal('adopt'),
    protocol: z.number().int(),
    token: HandoverToken,
    supervisor: z.number().int().positive(),
  }),
  z.strictObject({ type: z.literal('shutdown') }),
])
export type RunnerCommand = z.infer<typeof RunnerCommand>

/** Stages that a runner reports about itself; its supervisor reports `Failed` and the rest. */
export const RunnerStage = z.enum(['Connecting', 'Loading', 'WarmingUp', 'Ready', 'Running', 'ShuttingDown'])
export type RunnerStage = z.infer<typeof RunnerStage>

/** Runner to supervisor. Unknown fields are ignored, so that newer runners can add some. */
export const RunnerEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    protocol: z.number().int(),
    runnerId: RunnerId,
    pid: z.number().int(),
    versions: z.record(z.string(), z.string()),
  }),
  z.object({
    type: z.literal('status'),
    status: RunnerStage,
    layersLoaded: z.number().int().nonnegative().optional(),
    layers: z.number().int().positive().optional(),
  }),
  /** Sent once, before the first `Ready`. Durations in seconds, memory in bytes. */
  z.object({
    type: z.literal('loaded'),
    contextLength: z.number().int().positive(),
    memoryBytes: z.number().int().nonnegative(),
    /** Most requests decoded in one batch; further ones wait in the runner, first come first served. */
    batchSize: z.number().int().positive().optional(),
    /** Its folder within the on-disk prompt cache, if it keeps computed prompts there. */
    promptCache: BlocksFolder.optional(),
    timings: z.record(z.string(), z.number()),
  }),
  /** The runner cannot continue and exits; `code` is the kind of failure, if known. */
  z.object({ type: z.literal('failed'), errorMessage: z.string(), code: z.string().optional() }),
  /** From rank 0 of several, about to enter `epoch`: its supervisor forwards it to every other rank as `wake`. */
  z.object({ type: z.literal('wake'), epoch: z.number().int().positive() }),
  /** Last frame before another supervisor adopts this runner. */
  z.object({ type: z.literal('handedOver') }),
  /** From a separate thread. `steps` grows while the engine works; `active` is the number of live requests. */
  z.object({ type: z.literal('heartbeat'), steps: z.number().int(), active: z.number().int() }),
  z.object({
    type: z.literal('prompt'),
    taskId: TaskId,
    processed: z.number().int(),
    total: z.number().int(),
    /** When its computation begins: prompt tokens served from the cache. */
    cached: z.number().int().nonnegative().optional(),
    /** Requests ahead of this one that wait for memory too; `processed` is 0 then. */
    ahead: z.number().int().nonnegative().optional(),
  }),
  /** One frame per engine step, with the output of every request in the batch. */
  z.object({
    type: z.literal('tokens'),
    items: z.array(
      z.object({
        taskId: TaskId,
        content: z.array(ContentDelta),
        tokens: z.number().int().nonnegative(),
        logprobs: z.array(LogprobEntry).optional(),
      }),
    ),
  }),
  /** Vectors of this request from one batch; `finished` follows the last. */
  z.object({
    type: z.literal('embeddings'),
    taskId: TaskId,
    items: z.array(Embedding),
  }),
  z.object({
    type: z.literal('finished'),
    taskId: TaskId,
    reason: FinishReason,
    usage: Usage,
    stopSequence: z.string().optional(),
    timings: z.object({ firstToken: z.number(), tokensPerSecond: z.number() }).optional(),
  }),
  /** The request cannot be served; the runner itself is healthy. */
  z.object({ type: z.literal('rejected'), taskId: TaskId, code: GenerationErrorCode, message: z.string() }),
])
export type RunnerEvent = z.infer<typeof RunnerEvent>
