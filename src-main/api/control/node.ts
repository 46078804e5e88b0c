import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { ApiKeyId } from '@core/ids'
import { camelCased, jsonBody, parseWith } from '../body'
import { carryOut } from '../commands'
import type { ApiContext } from '../context'
import { hashOf, newKey } from '../middleware/access'
import { publicState } from '../redaction'
import { metrics } from './metrics'

const CreateApiKeyRequest = z.strictObject({ name: z.string().trim().min(1).max(100) })

/** The state, the keys, and what operators ask. */
export const nodeRoutes = (context: ApiContext): Hono => {
  const { source, liveRequests } = context
  const routes = new Hono()

  routes.get('/state', (c) => c.json(publicState(source.state())))

  routes.get('/metrics', async (c) => {
    const { text, contentType } = await metrics(source.state(), liveRequests())
    return c.body(text, 200, { 'content-type': contentType })
  })

  routes.get('/api_keys', (c) =>
    c.json({
      apiKeys: Object.values(publicState(source.state()).apiKeys).map(({ hash: _hidden, ...apiKey }) => apiKey),
    }),
  )

  /** The key itself is in this answer and nowhere else. */
  routes.post('/api_keys', async (c) => {
    const { name } = parseWith(CreateApiKeyRequest, camelCased(await jsonBody(c)))
    const key = newKey()
    const apiKeyId = ApiKeyId.parse(randomUUID())
    await carryOut(context, { type: 'CreateApiKey', apiKey: { apiKeyId, name, hash: hashOf(key) } })
    return c.json({ apiKeyId, name, key }, 201)
  })

  routes.delete('/api_keys/:id', async (c) => {
    const apiKeyId = parseWith(ApiKeyId, c.req.param('id'))
    await carryOut(context, { type: 'RevokeApiKey', apiKeyId })
    return c.json({ apiKeyId, revoked: true })
  })

  return routes
}
