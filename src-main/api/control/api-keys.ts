import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { LOCAL_KEY } from '@core/generation/request'
import { ApiKeyId, type NodeId } from '@core/ids'
import { monthOf, usageView } from '@core/keys/usage'
import {
  CreateApiKeyRequest,
  UpdateApiKeyRequest,
  type ApiKeysResponse,
  type ApiKeyView,
  type UsageResponse,
} from '@core/protocols/api-keys'
import type { ApiKey } from '@core/state/api-keys'
import { nodeName } from '@core/state/bindings'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut, newCommandId } from '../commands'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { hashOf, newKey } from '../middleware/access'
import { Problem } from '../problem'

/** API keys with their limits and usage. */
export const apiKeyRoutes = (context: ApiContext): Hono<ApiEnv> => {
  const { source, keys } = context
  const routes = new Hono<ApiEnv>()

  const awayFrom = (missing: readonly NodeId[]) => {
    const named = missing.map((nodeId) => ({ nodeId, friendlyName: nodeName(source.state(), nodeId) }))
    return named.length > 0 && { missing: named }
  }
  const without = ({ hash: _hidden, ...apiKey }: ApiKey): Omit<ApiKey, 'hash'> => apiKey

  routes.get('/api_keys', async (c) => {
    const { usage, missing } = await keys.usage()
    const now = Date.now()
    const apiKeys = Object.values(source.state().apiKeys).map((apiKey): ApiKeyView => ({
      ...without(apiKey),
      usage: usageView(usage[apiKey.apiKeyId], now),
    }))
    return c.json({ apiKeys, ...awayFrom(missing) } satisfies ApiKeysResponse)
  })

  routes.post('/api_keys', async (c) => {
    if (c.req.header('idempotency-key') !== undefined)
      throw new Problem(400, 'invalid_request', 'A key is shown only once, so its creation cannot be repeated', {
        hint: 'Omit Idempotency-Key. After a lost answer, GET /api_keys shows whether the key exists.',
      })
    const { name, limits } = parseWith(CreateApiKeyRequest, camelCased(await jsonBody(c)))
    const key = newKey()
    const apiKeyId = ApiKeyId.parse(randomUUID())
    const given = { apiKeyId, name, ...(limits && { limits }) }
    await carryOut(
      context,
      { type: 'CreateApiKey', apiKey: { ...given, hash: hashOf(key) } },
      {
        // Never derived from the request: each request creates a new key.
        request: c,
        commandId: newCommandId(),
      },
    )
    return c.json({ ...given, key }, 201)
  })

  routes.patch('/api_keys/:id', async (c) => {
    const apiKeyId = parseWith(ApiKeyId, c.req.param('id'))
    const changes = parseWith(UpdateApiKeyRequest, camelCased(await jsonBody(c)))
    await carryOut(context, { type: 'UpdateApiKey', apiKeyId, changes }, { request: c })
    const apiKey = source.state().apiKeys[apiKeyId]
    // The key was revoked at the same moment.
    return c.json(apiKey ? without(apiKey) : { apiKeyId })
  })

  routes.delete('/api_keys/:id', async (c) => {
    const apiKeyId = parseWith(ApiKeyId, c.req.param('id'))
    await carryOut(context, { type: 'RevokeApiKey', apiKeyId }, { request: c })
    return c.json({ apiKeyId, revoked: true })
  })

  routes.get('/usage', async (c) => {
    const { usage, missing } = await keys.usage()
    const now = Date.now()
    const named = Object.values(source.state().apiKeys).map(({ apiKeyId, name }) => ({
      apiKeyId,
      name,
      ...usageView(usage[apiKeyId], now),
    }))
    const local = usage[LOCAL_KEY]
    const all = [...named, ...(local ? [usageView(local, now)] : [])]
    return c.json({ month: monthOf(now), keys: all, ...awayFrom(missing) } satisfies UsageResponse)
  })

  return routes
}
