import { Benchmark, BenchmarkPlan, BenchmarkRequest, BenchmarksResponse } from '@core/protocols/benchmark'
import { MODEL, SSE, type Described } from '../described'

/** How fast models are, measured. */
export const BENCHMARKS: readonly Described[] = [
  {
    method: 'get',
    path: '/benchmarks',
    does: 'The last benchmarks of this node, newest first; the first may be under way',
    answer: { BenchmarksResponse },
  },
  {
    method: 'get',
    path: '/benchmarks/plan',
    does: 'What a benchmark would measure, and whom it disturbs',
    query: ['model', 'scope'],
    example: { query: `model=${MODEL}` },
    answer: { BenchmarkPlan },
  },
  {
    method: 'post',
    path: '/benchmarks',
    does: 'Measure how fast a model is: for one client and several, and until the first token of long prompts',
    body: { BenchmarkRequest },
    answer: { Benchmark },
    statuses: [202],
  },
  {
    method: 'delete',
    path: '/benchmarks/running',
    does: 'End the one that is under way; what was measured until then stays',
    answer: { BenchmarksResponse },
  },
  {
    method: 'get',
    path: '/benchmarks/events',
    does: 'The same list whenever it changes, as server-sent events',
    media: SSE,
  },
]
