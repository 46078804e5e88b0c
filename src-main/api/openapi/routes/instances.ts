import { PlaceInstanceRequest, PreviewResponse } from '@core/protocols/control'
import { Instance } from '@core/state/instances'
import { MODEL, type Described } from '../described'

/** Routes about instances: running, and possible. */
export const INSTANCES: readonly Described[] = [
  {
    method: 'post',
    path: '/place_instance',
    does: 'Place one instance without a declaration',
    body: { PlaceInstanceRequest },
    answer: { Instance },
    statuses: [201],
  },
  {
    method: 'get',
    path: '/instance/previews',
    does: 'Preview the possible placements of a model',
    answer: { PreviewResponse },
    query: [
      'modelId',
      'nodeIds',
      'minNodes',
      'placementPreference',
      'without',
      'replacing',
      'maxContext',
      'concurrency',
      'kvBits',
      'draftModelId',
      'adapterId',
    ],
    example: { query: `modelId=${MODEL}` },
  },
  {
    method: 'get',
    path: '/instance/await',
    does: 'Wait until a model is ready',
    answer: { Instance },
    query: ['modelId'],
    example: { query: `modelId=${MODEL}` },
  },
  { method: 'get', path: '/instance/{id}', does: 'One instance', answer: { Instance } },
  { method: 'delete', path: '/instance/{id}', does: 'Delete one instance' },
  { method: 'get', path: '/runner/{id}/console', does: 'Recent console output of a runner', media: 'text/plain' },
]
