import { z } from 'zod'
import { ModelId, NodeId, Timestamp } from '../ids'
import { InstanceMeta, Sharding } from '../state/meta-instances'

/** `here`: where the model runs now. `everywhere`: also, one after another, on all machines that it could run on. */
export const BenchmarkScope = z.enum(['here', 'everywhere'])
export type BenchmarkScope = z.infer<typeof BenchmarkScope>

/** `POST /benchmarks` */
export const BenchmarkRequest = z.strictObject({
  /** A declaration's name or id, or a model's id. */
  model: z.string().min(1).max(500),
  scope: BenchmarkScope.default('here'),
})
export type BenchmarkRequest = z.infer<typeof BenchmarkRequest>

const PerSecond = z.number().nonnegative()

/** Results for one placement; a figure that could not be measured is absent. */
export const BenchmarkFigures = z.object({
  /** Decode speed of a single client, in tokens per second. */
  oneClient: PerSecond.optional(),
  /** Total tokens per second of several concurrent clients. */
  severalClients: z.object({ clients: z.number().int(), tokensPerSecond: PerSecond }).optional(),
  /** Time to first token in milliseconds by prompt size, for prompts without a cached prefix. */
  firstToken: z.array(z.object({ promptTokens: z.number().int(), milliseconds: z.number().nonnegative() })),
})
export type BenchmarkFigures = z.infer<typeof BenchmarkFigures>

/**
 * Current step: `words` finds how many tokens the test words make, `clients` measures concurrent clients, `prompt`
 * measures a prompt's time to first token.
 */
export const BenchmarkStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('words') }),
  z.object({ kind: z.literal('clients'), clients: z.number().int() }),
  z.object({ kind: z.literal('prompt'), tokens: z.number().int() }),
])
export type BenchmarkStep = z.infer<typeof BenchmarkStep>

export const BenchmarkedPlacement = z.object({
  /** In rank order, with their names at the time. */
  machines: z.array(z.object({ nodeId: NodeId, name: z.string() })),
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  state: z.enum(['waiting', 'loading', 'measuring', 'done', 'failed', 'cancelled']),
  /** Only while measuring. */
  step: BenchmarkStep.optional(),
  /** Why it failed. */
  error: z.string().optional(),
  figures: BenchmarkFigures,
})
export type BenchmarkedPlacement = z.infer<typeof BenchmarkedPlacement>

/** A benchmark, running or finished. */
export const Benchmark = z.object({
  benchmarkId: z.string(),
  /** As requested. */
  model: z.string(),
  modelId: ModelId,
  scope: BenchmarkScope,
  startedAt: Timestamp,
  endedAt: Timestamp.optional(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  placements: z.array(BenchmarkedPlacement),
})
export type Benchmark = z.infer<typeof Benchmark>

/** `GET /benchmarks`: this node's last benchmarks, newest first; the first may be running. */
export const BenchmarksResponse = z.object({ benchmarks: z.array(Benchmark) })

/** `GET /benchmarks/plan`: what a benchmark would measure and disturb. */
export const BenchmarkPlan = z.object({
  placements: z.array(BenchmarkedPlacement.pick({ machines: true, sharding: true, instanceMeta: true })),
  disturbs: z.object({
    /** Whether it measures serving instances, which slows down their requests. */
    serving: z.boolean(),
    /** Requests running there now. */
    requests: z.number().int(),
    /** Number of times it loads the model on machines where it does not run. */
    loads: z.number().int(),
  }),
})
export type BenchmarkPlan = z.infer<typeof BenchmarkPlan>
