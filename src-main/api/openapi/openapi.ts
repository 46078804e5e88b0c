import { Hono } from 'hono'
import type { ApiContext } from '../context'
import { servable, servedModels } from '../served-models'
import { DOCS_POLICY, docsPage } from './docs-page'
import { openApiDocument } from './document'

/** The OpenAPI document, and the documentation page. */
export const openApiRoutes = (context: ApiContext): Hono => {
  const { version } = context
  const routes = new Hono()
  let document: object | undefined
  routes.get('/openapi.json', (c) => c.json((document ??= openApiDocument(version))))
  routes.get('/docs', (c) => {
    c.header('content-security-policy', DOCS_POLICY)
    const [model] = servedModels(servable(context))
    return c.html(docsPage({ version, url: new URL(c.req.url).origin, model: model?.name }))
  })
  return routes
}
