import { z } from 'zod'
import { ModelId, NodeId, Timestamp } from '../ids'
import { InstanceMeta, Sharding } from '../state/meta-instances'

/** `here`: where the model runs now. `everywhere`: one after the other on all machines that it could run on, too. */
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

/** What was measured of one placement; what could not be measured is absent. */
export const BenchmarkFigures = z.object({
  /** Tokens per second that one client gets, once its answer has begun. */
  oneClient: PerSecond.optional(),
  /** Tokens per second of so many at once, all together. */
  severalClients: z.object({ clients: z.number().int(), tokensPerSecond: PerSecond }).optional(),
  /** Milliseconds from the request to its first token, by size of the prompt, none of which was computed before. */
  firstToken: z.array(z.object({ promptTokens: z.number().int(), milliseconds: z.number().nonnegative() })),
})
export type BenchmarkFigures = z.infer<typeof BenchmarkFigures>

/** What is being measured: how many tokens words make, answers to so many clients, or a prompt of so many tokens. */
export const BenchmarkStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('words') }),
  z.object({ kind: z.literal('clients'), clients: z.number().int() }),
  z.object({ kind: z.literal('prompt'), tokens: z.number().int() }),
])
export type BenchmarkStep = z.infer<typeof BenchmarkStep>

export const BenchmarkedPlacement = z.object({
  /** In rank order, with the names that they had then. */
  machines: z.array(z.object({ nodeId: NodeId, name: z.string() })),
  sharding: Sharding,
  instanceMeta: InstanceMeta,
  state: z.enum(['waiting', 'loading', 'measuring', 'done', 'failed', 'cancelled']),
  /** Only while it is measured. */
  step: BenchmarkStep.optional(),
  /** Why it failed. */
  error: z.string().optional(),
  figures: BenchmarkFigures,
})
export type BenchmarkedPlacement = z.infer<typeof BenchmarkedPlacement>

/** One benchmark, under way or over. */
export const Benchmark = z.object({
  benchmarkId: z.string(),
  /** As it was asked for. */
  model: z.string(),
  modelId: ModelId,
  scope: BenchmarkScope,
  startedAt: Timestamp,
  endedAt: Timestamp.optional(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  placements: z.array(BenchmarkedPlacement),
})
export type Benchmark = z.infer<typeof Benchmark>

/** `GET /benchmarks`: the last ones of this node, newest first; the first may be under way. */
export const BenchmarksResponse = z.object({ benchmarks: z.array(Benchmark) })

/** `GET /benchmarks/plan`: what a benchmark would measure, and whom it disturbs. */
export const BenchmarkPlan = z.object({
  placements: z.array(BenchmarkedPlacement.pick({ machines: true, sharding: true, instanceMeta: true })),
  disturbs: z.object({
    /** Whether it measures instances that serve: requests that come meanwhile are answered more slowly. */
    serving: z.boolean(),
    /** Requests that are under way there now. */
    requests: z.number().int(),
    /** How often it loads the model on machines where it does not run. */
    loads: z.number().int(),
  }),
})
export type BenchmarkPlan = z.infer<typeof BenchmarkPlan>
