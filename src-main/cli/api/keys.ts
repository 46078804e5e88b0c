import { ApiKeysResponse, CreatedApiKey, type ApiKeyView } from '@core/protocols/api-keys'
import type { z } from 'zod'
import type { ApiKeyLimits } from '@core/state/api-keys'
import { apiKeyBy } from '../names'
import type { NodeApi } from './node-api'

export const readKeys = (api: NodeApi): Promise<ApiKeysResponse> => api.ask('/api_keys', ApiKeysResponse)

/** Creates a key. The response is the only place where its secret appears. */
export const createKey = (
  api: NodeApi,
  { name, limits }: { readonly name: string; readonly limits: ApiKeyLimits },
): Promise<z.infer<typeof CreatedApiKey>> =>
  api.ask('/api_keys', CreatedApiKey, {
    method: 'POST',
    body: { name, ...(Object.keys(limits).length > 0 && { limits }) },
  })

/** Finds the key that the user named. Throws CommandError if none or several match. */
export const findKey = async (api: NodeApi, text: string): Promise<ApiKeyView> =>
  apiKeyBy((await readKeys(api)).apiKeys, text)

export const revokeKey = (api: NodeApi, { apiKeyId }: ApiKeyView): Promise<void> =>
  api.tell(`/api_keys/${encodeURIComponent(apiKeyId)}`, { method: 'DELETE' })
