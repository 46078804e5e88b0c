import { z } from 'zod'
import { GenerationRequest } from '../generation/request'
import { ContentDelta, Embedding, FinishReason, GenerationErrorCode, LogprobEntry, Usage } from '../generation/stream'
import { ModelId, RunnerId, TaskId } from '../ids'
import { Concurrency, InstanceMeta, KvBits, Sharding } from '../state/meta-instances'

/**
 * What passes between the supervisor and one runner, over two named pipes. A frame is a `uint32`
 * little-endian byte count followed by that many bytes of UTF-8 JSON.
 *
 * The supervisor speaks first (`hello`), the runner answers with its own `hello`; a runner that was
 * started early waits for it with its imports done. Closing the commands pipe ends the runner.
 *
 * A runner that is joined to others by RDMA has two more pipes, for the all-gathers in which the ranks tell one
 * another how: on `side-channel-out` it asks for a round with a `uint32` little-endian byte count and its own bytes,
 * and on `side-channel-in` it gets a `uint32` little-endian total and the bytes of every rank in rank order.
 */
export const RUNNER_PROTOCOL = 2

/** A frame over this many bytes fails the runner that sent it. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** How often a runner's own thread says that it lives, in milliseconds. */
export const HEARTBEAT_INTERVAL_MS = 1000

export const RunnerShard = z.strictObject({
  rank: z.number().int().nonnegative(),
  worldSize: z.number().int().positive(),
  /** Half-open range of the model's decoder layers. */
  startLayer: z.number().int().nonnegative(),
  endLayer: z.number().int().positive(),
  layers: z.number().int().positive(),
})
export type RunnerShard = z.infer<typeof RunnerShard>

/** What a runner is to bring into memory. */
export const LoadCommand = z.strictObject({
  type: z.literal('load'),
  modelId: ModelId,
  /** Directory in MLX's layout: config.json, *.safetensors, tokenizer files. */
  modelPath: z.string().min(1),
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  shard: RunnerShard,
  /** Tokens of context to make room for; absent means the model's own limit. */
  maxContext: z.number().int().positive().optional(),
  /** Requests of that length that the placement claimed memory for; absent means one. */
  concurrency: Concurrency.optional(),
  /** Bits of a key or a value that is kept; absent means the model's own. */
  kvBits: KvBits.optional(),
  /** A smaller model with the same tokenizer that guesses next tokens, for rank 0 alone. */
  draft: z.strictObject({ modelId: ModelId, modelPath: z.string().min(1) }).optional(),
  /** Memory and disk for keys, values and states of live and of earlier requests on this rank. */
  cache: z
    .strictObject({
      /** Bytes beyond what the placement claimed, which may be used while the machine does not run short. */
      spareBytes: z.number().int().nonnegative().optional(),
      /** Where what was computed outlives the runner: a folder for all models, of so many bytes at most. */
      disk: z.strictObject({ directory: z.string().min(1), maxBytes: z.number().int().positive() }).optional(),
    })
    .optional(),
  /**
   * Where the ranks meet, for a shard of a world of several: by rank, `ip:port` as this rank reaches it;
   * its own entry is where it listens. A ring uses only its own and the next rank's; the others may be null.
   */
  ring: z.strictObject({ hosts: z.array(z.string().min(1).nullable()).min(2) }).optional(),
  /** How the ranks are joined by RDMA, where they are: they then find one another through the side channel. */
  jaccl: z
    .strictObject({
      /** By rank, then by the rank it leads to: the RDMA device, null on the diagonal. */
      devices: z.array(z.array(z.string().min(1).nullable()).min(2)).min(2),
      /**
       * A rehearsal of RDMA on machines that have none: the ranks go through the side channel as JACCL does and
       * compute over `ring`. What they exchange holds this name of the attempt, so that no other can be mixed up with it.
       */
      rehearsal: z.strictObject({ attempt: z.string().min(1) }).optional(),
    })
    .optional(),
})
export type LoadCommand = z.infer<typeof LoadCommand>

/** What the supervisor that leaves a runner and the one that adopts it both know; used once. */
export const HandoverToken = z.string().min(32).max(200)

/** Supervisor to runner. */
export const RunnerCommand = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocol: z.number().int(), runnerId: RunnerId }),
  LoadCommand,
  /**
   * To every rank but 0: rank 0 has work, and waits for this rank in the collective that begins `epoch`.
   * Epochs count up from 1; one that is over is ignored.
   */
  z.strictObject({ type: z.literal('wake'), epoch: z.number().int().positive() }),
  z.strictObject({ type: z.literal('generate'), request: GenerationRequest }),
  /** Stops prefill or generation within one step; answered by `finished` with `cancelled`. Unknown ids are ignored. */
  z.strictObject({ type: z.literal('cancel'), taskId: TaskId }),
  /**
   * The supervisor is about to end and leaves the runner to another one: answered by `handedOver`, after which the
   * runner says nothing more until it is adopted. It ends by itself where that does not happen within `seconds`.
   */
  z.strictObject({ type: z.literal('handOver'), token: HandoverToken, seconds: z.number().int().positive() }),
  /**
   * From the new supervisor, the process with the id `supervisor`. Answered by `hello` and the status where the protocol
   * and the token are right, otherwise by nothing.
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

/** The stages a runner reports about itself; `Failed` and the rest are its supervisor's to say. */
export const RunnerStage = z.enum(['Connecting', 'Loading', 'WarmingUp', 'Ready', 'Running', 'ShuttingDown'])
export type RunnerStage = z.infer<typeof RunnerStage>

/** Runner to supervisor. Unknown fields are ignored, so that a newer runner can say more. */
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
  /** Said once before the first `Ready`. Durations in seconds, memory in bytes. */
  z.object({
    type: z.literal('loaded'),
    contextLength: z.number().int().positive(),
    memoryBytes: z.number().int().nonnegative(),
    /** Requests that it decodes together; more wait within it, in the order in which they came. */
    batchSize: z.number().int().positive().optional(),
    timings: z.record(z.string(), z.number()),
  }),
  /** The runner cannot go on and ends; `code` names the kind where it is known. */
  z.object({ type: z.literal('failed'), errorMessage: z.string(), code: z.string().optional() }),
  /** From rank 0 of several, which is about to enter `epoch`: its supervisor has every other rank told to `wake`. */
  z.object({ type: z.literal('wake'), epoch: z.number().int().positive() }),
  /** The last frame before another supervisor adopts this runner. */
  z.object({ type: z.literal('handedOver') }),
  /** From a thread of its own. `steps` grows while the engine works, `active` is the number of live requests. */
  z.object({ type: z.literal('heartbeat'), steps: z.number().int(), active: z.number().int() }),
  z.object({ type: z.literal('prompt'), taskId: TaskId, processed: z.number().int(), total: z.number().int() }),
  /** One frame for one engine step: the news of every request in the batch. */
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
  /** The vectors of one batch, as far as they are this request's; `finished` follows the last. */
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
  /** This request cannot be served; the runner is well. */
  z.object({ type: z.literal('rejected'), taskId: TaskId, code: GenerationErrorCode, message: z.string() }),
])
export type RunnerEvent = z.infer<typeof RunnerEvent>
