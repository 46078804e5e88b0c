import { PlaceInstanceRequest, PreviewResponse } from '@core/protocols/control'
import { Instance } from '@core/state/instances'
import { MODEL, type Described } from '../described'

/** Instances: what runs, and where it would. */
export const INSTANCES: readonly Described[] = [
  {
    method: 'post',
    path: '/place_instance',
    does: 'Place one instance that nothing keeps',
    body: { PlaceInstanceRequest },
    answer: { Instance },
    statuses: [201],
  },
  {
    method: 'get',
    path: '/instance/previews',
    does: 'What each way to share a model out would give',
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
    does: 'Wait until a model can serve',
    answer: { Instance },
    query: ['modelId'],
    example: { query: `modelId=${MODEL}` },
  },
  { method: 'get', path: '/instance/{id}', does: 'One instance', answer: { Instance } },
  { method: 'delete', path: '/instance/{id}', does: 'Delete one instance' },
  { method: 'get', path: '/runner/{id}/console', does: 'What a runner printed lately', media: 'text/plain' },
]
