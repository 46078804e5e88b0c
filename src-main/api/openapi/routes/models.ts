import {
  ChangeDownloadRequest,
  DownloadAnswer,
  DownloadRequest,
  HubSearchResponse,
  ModelsResponse,
  RemovedModelsResponse,
  UnusedModelsResponse,
} from '@core/protocols/models'
import { ListedModels } from '../../openai/models'
import type { Described } from '../described'

/** `models` for the control API, `object` and `data` for clients of OpenAI whose base URL lacks `/v1`. */
const ModelsOfBothApis = ModelsResponse.extend(ListedModels.shape)

/** Models on disks and on the hub. */
export const MODELS: readonly Described[] = [
  {
    method: 'get',
    path: '/models',
    does: 'The models of the cluster; for clients of OpenAI without `/v1` also what `GET /v1/models` lists',
    answer: { ModelsOfBothApis },
  },
  {
    method: 'get',
    path: '/models/search',
    does: 'MLX models on the hub',
    query: ['q'],
    example: { query: 'q=qwen3' },
    answer: { HubSearchResponse },
  },
  {
    method: 'get',
    path: '/models/unused',
    does: 'Models in Muster’s own folders that no declaration and no instance uses, with their bytes',
    answer: { UnusedModelsResponse },
  },
  {
    method: 'delete',
    path: '/models/unused',
    does: 'Delete them all',
    answer: { RemovedModelsResponse },
  },
  {
    method: 'post',
    path: '/models/{id}/download',
    does: 'Bring a model to a machine’s disk; the id may hold its slash',
    body: { DownloadRequest },
    query: ['nodeId'],
    answer: { DownloadAnswer },
    statuses: [202],
  },
  {
    method: 'patch',
    path: '/models/{id}/download',
    does: 'Pause a download, or have it go on; both survive a restart',
    body: { ChangeDownloadRequest },
    query: ['nodeId'],
    answer: { DownloadAnswer },
  },
  {
    method: 'delete',
    path: '/models/{id}/download',
    does: 'End that, or delete the model from Muster’s own folder there',
    query: ['nodeId'],
    answer: { DownloadAnswer },
  },
]
