import { z } from 'zod'
import { WarningsResponse } from '@core/protocols/control'
import { RequestsResponse, SupportBundle } from '@core/protocols/activity'
import { RecentEvents } from '@core/protocols/event-stream'
import { State } from '@core/state/state'
import { Health } from '../../control/health'
import { SSE, type Described } from '../described'

const CancelledRequest = z.object({ taskId: z.string() })

/** Routes about the state and the events of this node. */
export const OBSERVING: readonly Described[] = [
  { method: 'get', path: '/state', does: 'The state of the cluster as this node knows it', answer: { State } },
  {
    method: 'get',
    path: '/events',
    does: 'Stream a snapshot of the state, then its events, as server-sent events',
    query: ['after', 'term', 'cluster'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/events/recent',
    does: 'The last events kept by this node, oldest first; `decisions`: preceded by so many earlier decisions of the log',
    answer: { RecentEvents },
    query: ['last', 'decisions'],
  },
  {
    method: 'get',
    path: '/requests',
    does: 'The last requests accepted by this node with their timings, without prompts and answers',
    query: ['last'],
    answer: { RequestsResponse },
  },
  {
    method: 'delete',
    path: '/requests/{taskId}',
    does: 'Cancel a running request on any machine',
    answer: { CancelledRequest },
  },
  {
    method: 'get',
    path: '/support_bundle',
    does: 'A support bundle: state, settings and logs without secrets and prompts',
    answer: { SupportBundle },
  },
  {
    method: 'get',
    path: '/warnings',
    does: 'Current warnings with cause and remedy, most severe first',
    answer: { WarningsResponse },
  },
  {
    method: 'get',
    path: '/health',
    does: 'Whether this node can decide and, with models=1, whether all models that are not paused serve; 503 if not',
    answer: { Health },
    query: ['models'],
    unavailable: { Health },
  },
  { method: 'get', path: '/metrics', does: 'Metrics in Prometheus’ text format', media: 'text/plain', query: ['by'] },
]
