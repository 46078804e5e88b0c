import { Hono } from 'hono'
import type { ApiContext } from '../context'
import { publicState } from '../redaction'
import { metrics } from './metrics'

/** The state, and what operators ask. */
export const nodeRoutes = (context: ApiContext): Hono => {
  const { source, liveRequests } = context
  const routes = new Hono()

  routes.get('/state', (c) => c.json(publicState(source.state())))

  routes.get('/metrics', async (c) => {
    const { text, contentType } = await metrics(source.state(), liveRequests())
    return c.body(text, 200, { 'content-type': contentType })
  })

  return routes
}
