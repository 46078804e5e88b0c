import { z } from 'zod'
import { ApplyAnswer, ApplyRequest } from '@core/protocols/apply'
import { CreateMetaInstanceRequest, MetaInstanceView, UpdateMetaInstanceRequest } from '@core/protocols/control'
import { MODEL, type Described } from '../described'

const MetaInstancesResponse = z.object({ metaInstances: z.array(MetaInstanceView) })
const DeletedMetaInstance = z.object({ metaInstanceId: z.string(), deleted: z.literal(true) })

/** Declarations: models that are to be kept running. */
export const DECLARATIONS: readonly Described[] = [
  {
    method: 'post',
    path: '/meta_instance',
    does: 'Declare a model that is to be kept running',
    body: { CreateMetaInstanceRequest },
    answer: { MetaInstanceView },
    query: ['validate'],
    statuses: [200, 201],
    example: { body: { modelId: MODEL, maxContext: 4096 } },
  },
  {
    method: 'get',
    path: '/meta_instances',
    does: 'All declarations with their status',
    answer: { MetaInstancesResponse },
  },
  {
    method: 'post',
    path: '/meta_instances/apply',
    does: 'Make declarations as documents have them: all of it, or nothing; with dryRun only what would change',
    body: { ApplyRequest },
    answer: { ApplyAnswer },
    example: { body: { documents: [{ name: 'example', modelId: MODEL, maxContext: 4096 }], dryRun: true } },
  },
  { method: 'get', path: '/schemas/declaration.json', does: 'The JSON schema of a document, for editors' },
  { method: 'get', path: '/meta_instance/{id}', does: 'One declaration with its status', answer: { MetaInstanceView } },
  {
    method: 'patch',
    path: '/meta_instance/{id}',
    does: 'Change constraints, name or pause; null clears. Of one loaded on request: pin it, or keep it always on',
    body: { UpdateMetaInstanceRequest },
    answer: { MetaInstanceView },
  },
  {
    method: 'delete',
    path: '/meta_instance/{id}',
    does: 'Delete a declaration with its instance and tasks',
    answer: { DeletedMetaInstance },
  },
  { method: 'post', path: '/meta_instance/{id}/restart', does: 'Load it anew', answer: { MetaInstanceView } },
  { method: 'get', path: '/meta_instance/{id}/placement', does: 'Where it is, or would be placed' },
  { method: 'get', path: '/meta_instance/{id}/history', does: 'Its decisions, newest first' },
]
