import { Benchmark, BenchmarkPlan, BenchmarkRequest, BenchmarksResponse } from '@core/protocols/benchmark'
import { MODEL, SSE, type Described } from '../described'

/** Routes about measured speeds of models. */
export const BENCHMARKS: readonly Described[] = [
  {
    method: 'get',
    path: '/benchmarks',
    does: 'The last benchmarks of this node, newest first; the first may still be running',
    answer: { BenchmarksResponse },
  },
  {
    method: 'get',
    path: '/benchmarks/plan',
    does: 'Preview what a benchmark would measure, and which models it disturbs',
    query: ['model', 'scope'],
    example: { query: `model=${MODEL}` },
    answer: { BenchmarkPlan },
  },
  {
    method: 'post',
    path: '/benchmarks',
    does: 'Start a benchmark of a model: speed for one client and for several, and time to first token of long prompts',
    body: { BenchmarkRequest },
    answer: { Benchmark },
    statuses: [202],
  },
  {
    method: 'delete',
    path: '/benchmarks/running',
    does: 'Cancel the running benchmark; results so far are kept',
    answer: { BenchmarksResponse },
  },
  {
    method: 'get',
    path: '/benchmarks/events',
    does: 'Stream the list of benchmarks whenever it changes, as server-sent events',
    media: SSE,
  },
]
