import { z } from 'zod'
import { ApplyAnswer, ApplyRequest } from '@core/protocols/apply'
import { CreateMetaInstanceRequest, MetaInstanceView, UpdateMetaInstanceRequest } from '@core/protocols/control'
import { MODEL, type Described } from '../described'

const MetaInstancesResponse = z.object({ metaInstances: z.array(MetaInstanceView) })
const DeletedMetaInstance = z.object({ metaInstanceId: z.string(), deleted: z.literal(true) })

/** Routes about declarations. */
export const DECLARATIONS: readonly Described[] = [
  {
    method: 'post',
    path: '/meta_instance',
    does: 'Create a declaration: a model to be kept running',
    body: { CreateMetaInstanceRequest },
    answer: { MetaInstanceView },
    query: ['validate'],
    statuses: [200, 201],
    example: { body: { modelId: MODEL, maxContext: 2048 } },
  },
  {
    method: 'get',
    path: '/meta_instances',
    does: 'List all declarations with their status',
    answer: { MetaInstancesResponse },
  },
  {
    method: 'post',
    path: '/meta_instances/apply',
    does: 'Apply declarations from documents, all or nothing; with dryRun only report the changes',
    body: { ApplyRequest },
    answer: { ApplyAnswer },
    example: { body: { documents: [{ name: 'example', modelId: MODEL, maxContext: 2048 }], dryRun: true } },
  },
  { method: 'get', path: '/schemas/declaration.json', does: 'JSON schema of a declaration document, for editors' },
  { method: 'get', path: '/meta_instance/{id}', does: 'One declaration with its status', answer: { MetaInstanceView } },
  {
    method: 'patch',
    path: '/meta_instance/{id}',
    does: 'Change constraints, name or pause; null clears a field. A model loaded on request can be pinned or made permanent',
    body: { UpdateMetaInstanceRequest },
    answer: { MetaInstanceView },
  },
  {
    method: 'delete',
    path: '/meta_instance/{id}',
    does: 'Delete a declaration with its instance and tasks',
    answer: { DeletedMetaInstance },
  },
  {
    method: 'post',
    path: '/meta_instance/{id}/restart',
    does: 'Reload a declaration’s model',
    answer: { MetaInstanceView },
  },
  {
    method: 'get',
    path: '/meta_instance/{id}/placement',
    does: 'The current placement of a declaration, or where it would be placed now',
  },
  {
    method: 'get',
    path: '/meta_instance/{id}/history',
    does: 'The decisions about a declaration, newest first, and a summary of each day before them',
  },
]
