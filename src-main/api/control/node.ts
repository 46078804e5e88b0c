import { Hono } from 'hono'
import type { ApiContext } from '../context'
import { publicState } from '../redaction'

/** The replicated state, and operator queries. */
export const nodeRoutes = (context: ApiContext): Hono => {
  const { source, metrics } = context
  const routes = new Hono()

  routes.get('/state', (c) => c.json(publicState(source.state())))

  routes.get('/metrics', async (c) => {
    const { text, contentType } = await metrics({ byKey: c.req.query('by') === 'key' })
    return c.body(text, 200, { 'content-type': contentType })
  })

  return routes
}
