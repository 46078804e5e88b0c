import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { getPathNoStrict } from 'hono/utils/url'
import { anthropicRoutes } from './anthropic/routes'
import type { ApiContext } from './context'
import type { ApiEnv } from './env'
import { apiKeyRoutes } from './control/api-keys'
import { activityRoutes } from './control/activity'
import { benchmarkRoutes } from './control/benchmarks'
import { connectRoutes } from './control/connect'
import { clusterRoutes } from './control/cluster'
import { eventRoutes } from './control/events'
import { healthRoutes } from './control/health'
import { instanceRoutes } from './control/instances'
import { applyRoutes } from './control/apply'
import { drainRoutes } from './control/drain'
import { metaInstanceRoutes } from './control/meta-instances'
import { modelRoutes } from './control/models'
import { nodeRoutes } from './control/node'
import { nodeLogRoutes } from './control/node-log'
import { openApiRoutes } from './openapi/openapi'
import { settingsRoutes } from './control/settings'
import { powerRoutes } from './control/power'
import { setupRoutes } from './control/setup'
import { warningRoutes } from './control/warnings'
import { respondWith } from './dialect'
import { type Access } from './middleware/access'
import { bodyLimit } from './middleware/body-limit'
import { contentEncoding } from './middleware/content-encoding'
import { contentType } from './middleware/content-type'
import { hostCheck } from './middleware/host'
import { originCheck } from './middleware/origin'
import { ollamaRoutes } from './ollama/routes'
import { openaiRoutes } from './openai/routes'
import { Problem } from './problem'
import { staticRoutes } from './static-files'

const MAX_BODY_BYTES = 32 * 1024 * 1024

export interface AppOptions {
  readonly context: ApiContext
  /** Folder of the built app, served at `/`. */
  readonly staticDir: string | undefined
  /** Allowed hosts beside this machine's own names. */
  readonly allowedHosts: readonly string[]
  /** Origins of our own windows, and other origins whose pages may use the API. */
  readonly allowedOrigins: readonly string[]
  readonly log: { warn(fields: object, message: string): void }
}

/** Whether the client disconnected before it had sent its whole request. */
const disconnectedInBody = ({ destroyed, complete }: ApiEnv['Bindings']['incoming']): boolean => destroyed && !complete

/**
 * Normalises paths, because clients concatenate base URL and route carelessly: doubled or trailing slashes, or the
 * version twice, as Anthropic clients do when the base URL already ends with it.
 */
const pathOf = (request: Request): string =>
  getPathNoStrict(request)
    .replaceAll(/\/{2,}/g, '/')
    .replace(/^\/v1\/v1(?=\/)/, '/v1')

/** All routes behind the middleware. `open` to the network: every request needs a key or a session. */
export const buildApp = (options: AppOptions, { access, open }: { access: Access; open: boolean }): Hono<ApiEnv> => {
  const { context, staticDir, allowedHosts, allowedOrigins, log } = options
  const app = new Hono<ApiEnv>({ getPath: pathOf })
  app.onError((error, c) => {
    if (error instanceof Problem) return respondWith(c, error)
    // The client has disconnected; the failure is not this node's.
    if (disconnectedInBody(c.env.incoming)) return c.body(null, 400)
    log.warn({ err: error, path: c.req.path }, 'a request failed unexpectedly')
    return respondWith(c, new Problem(500, 'internal', 'This node failed to answer', { hint: 'Its log says why.' }))
  })
  app.notFound((c) =>
    respondWith(
      c,
      new Problem(404, 'not_found', `There is no ${c.req.method} ${c.req.path}`, {
        hint: 'GET /docs lists all routes.',
      }),
    ),
  )
  app.use(originCheck({ allowedOrigins, allowedHosts }))
  app.use(hostCheck({ open, allowed: allowedHosts, hasKey: access.hasKey }))
  if (open) {
    app.get('/sign-in', access.signIn)
    app.use(access.check)
  }
  app.use(access.identify)
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allowed = methods.join(', ')
        c.header('allow', allowed)
        const message = `${c.req.path} does not take ${c.req.method}, but ${allowed}`
        return respondWith(c, new Problem(405, 'method_not_allowed', message, { hint: 'GET /docs lists all routes.' }))
      },
    }),
  )
  app.use(contentType)
  app.use(bodyLimit({ maxBytes: MAX_BODY_BYTES }))
  app.use(contentEncoding({ maxBytes: MAX_BODY_BYTES }))
  app.route('/', applyRoutes(context))
  app.route('/', drainRoutes(context))
  app.route('/', metaInstanceRoutes(context))
  app.route('/', instanceRoutes(context))
  app.route('/', modelRoutes(context))
  app.route('/', nodeRoutes(context))
  app.route('/', nodeLogRoutes(context))
  app.route('/', apiKeyRoutes(context))
  app.route('/', healthRoutes(context))
  app.route('/', clusterRoutes(context))
  app.route('/', activityRoutes(context))
  app.route('/', benchmarkRoutes(context))
  app.route('/', connectRoutes(context, open ? () => access.signInLink() : undefined))
  app.route('/', settingsRoutes(context))
  app.route('/', setupRoutes(context))
  app.route('/', powerRoutes(context))
  app.route('/', warningRoutes(context))
  app.route('/', eventRoutes(context))
  // Before OpenAI's: handles requests of Anthropic clients at routes that both APIs have.
  app.route('/', anthropicRoutes(context))
  app.route('/', openaiRoutes(context))
  app.route('/', ollamaRoutes(context))
  app.route('/', openApiRoutes(context))
  if (staticDir !== undefined) app.route('/', staticRoutes(staticDir))
  return app
}
