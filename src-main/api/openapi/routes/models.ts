import {
  AddModelRequest,
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

/** Routes about models on disks and on the hub. */
export const MODELS: readonly Described[] = [
  {
    method: 'get',
    path: '/models',
    does: 'List the models of the cluster; also in the format of `GET /v1/models`, for OpenAI clients whose base URL lacks `/v1`',
    answer: { ModelsOfBothApis },
  },
  {
    method: 'post',
    path: '/models',
    does: 'Download a model to a machine’s disk; `POST /models/{id}/download` with the id in the body',
    body: { AddModelRequest },
    answer: { DownloadAnswer },
    statuses: [202],
  },
  {
    method: 'get',
    path: '/models/search',
    does: 'Search the hub for MLX models',
    query: ['q'],
    example: { query: 'q=qwen3' },
    answer: { HubSearchResponse },
  },
  {
    method: 'get',
    path: '/models/unused',
    does: 'List the models in Muster’s own folders that no declaration and no instance uses, with their sizes',
    answer: { UnusedModelsResponse },
  },
  {
    method: 'delete',
    path: '/models/unused',
    does: 'Delete the unused models',
    answer: { RemovedModelsResponse },
  },
  {
    method: 'post',
    path: '/models/{id}/download',
    does: 'Download a model to a machine’s disk; the slash in the id may be literal or percent-encoded',
    body: { DownloadRequest },
    query: ['nodeId'],
    answer: { DownloadAnswer },
    statuses: [202],
  },
  {
    method: 'patch',
    path: '/models/{id}/download',
    does: 'Pause or resume a download; both survive a restart',
    body: { ChangeDownloadRequest },
    query: ['nodeId'],
    answer: { DownloadAnswer },
  },
  {
    method: 'delete',
    path: '/models/{id}/download',
    does: 'Cancel a download, or delete the model from Muster’s own folder on that machine',
    query: ['nodeId'],
    answer: { DownloadAnswer },
  },
]
