import {
  ApiKeysResponse,
  CreateApiKeyRequest,
  CreatedApiKey,
  UpdateApiKeyRequest,
  UsageResponse,
} from '@core/protocols/api-keys'
import type { Described } from '../described'

/** Routes about API keys and their usage. */
export const KEYS: readonly Described[] = [
  {
    method: 'get',
    path: '/api_keys',
    does: 'List the API keys with their limits and usage, without the secrets',
    answer: { ApiKeysResponse },
  },
  {
    method: 'post',
    path: '/api_keys',
    does: 'Create an API key; its limits apply at each node separately',
    body: { CreateApiKeyRequest },
    answer: { CreatedApiKey },
    example: { body: { name: 'example' } },
    statuses: [201],
  },
  {
    method: 'patch',
    path: '/api_keys/{id}',
    does: 'Rename an API key, or replace its limits; null removes them',
    body: { UpdateApiKeyRequest },
  },
  { method: 'delete', path: '/api_keys/{id}', does: 'Revoke an API key and delete its usage' },
  {
    method: 'get',
    path: '/usage',
    does: 'Usage by key and model, this month and in total',
    answer: { UsageResponse },
  },
]
