import {
  ApiKeysResponse,
  CreateApiKeyRequest,
  CreatedApiKey,
  UpdateApiKeyRequest,
  UsageResponse,
} from '@core/protocols/api-keys'
import type { Described } from '../described'

/** API keys and what they used. */
export const KEYS: readonly Described[] = [
  {
    method: 'get',
    path: '/api_keys',
    does: 'The API keys with their limits and usage, without the keys themselves',
    answer: { ApiKeysResponse },
  },
  {
    method: 'post',
    path: '/api_keys',
    does: 'Create an API key; limits hold at each node that takes its requests',
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
  { method: 'delete', path: '/api_keys/{id}', does: 'Revoke an API key; its usage goes with it' },
  {
    method: 'get',
    path: '/usage',
    does: 'What was used by each key, by model, this month and in total',
    answer: { UsageResponse },
  },
]
