import { z } from 'zod'
import { WarningsResponse } from '@core/protocols/control'
import { RequestsResponse, SupportBundle } from '@core/protocols/activity'
import { RecentEvents } from '@core/protocols/event-stream'
import { State } from '@core/state/state'
import { Health } from '../../control/health'
import { SSE, type Described } from '../described'

const CancelledRequest = z.object({ taskId: z.string() })

/** What this node knows, and what happens. */
export const OBSERVING: readonly Described[] = [
  { method: 'get', path: '/state', does: 'Everything this node knows', answer: { State } },
  {
    method: 'get',
    path: '/events',
    does: 'What happens, as server-sent events',
    query: ['after', 'term', 'cluster'],
    media: SSE,
  },
  {
    method: 'get',
    path: '/events/recent',
    does: 'The last events that this node knows, oldest first',
    answer: { RecentEvents },
    query: ['last'],
  },
  {
    method: 'get',
    path: '/requests',
    does: 'The last requests that this node took, and where their time went; nothing of what was asked',
    query: ['last'],
    answer: { RequestsResponse },
  },
  {
    method: 'delete',
    path: '/requests/{taskId}',
    does: 'Cancel a request that is under way, on whichever machine',
    answer: { CancelledRequest },
  },
  {
    method: 'get',
    path: '/support_bundle',
    does: 'What whoever helps needs to see, without secrets and without prompts',
    answer: { SupportBundle },
  },
  {
    method: 'get',
    path: '/warnings',
    does: 'What is wrong, why, and how it is put right, most severe first',
    answer: { WarningsResponse },
  },
  {
    method: 'get',
    path: '/health',
    does: 'Whether this node can decide; with models=1 also whether every model serves that is not paused. 503 if not',
    answer: { Health },
    query: ['models'],
    unavailable: { Health },
  },
  { method: 'get', path: '/metrics', does: 'Figures in Prometheus’ format', media: 'text/plain', query: ['by'] },
]
