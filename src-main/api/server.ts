import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { isLoopback } from '@core/settings/node'
import { anthropicRoutes } from './anthropic/routes'
import type { ApiContext } from './context'
import type { ApiEnv } from './env'
import { apiKeyRoutes } from './control/api-keys'
import { activityRoutes } from './control/activity'
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
import { openApiRoutes } from './control/openapi'
import { settingsRoutes } from './control/settings'
import { powerRoutes } from './control/power'
import { setupRoutes } from './control/setup'
import { warningRoutes } from './control/warnings'
import { respondWith } from './dialect'
import { Access } from './middleware/access'
import { bodyLimit } from './middleware/body-limit'
import { contentEncoding } from './middleware/content-encoding'
import { contentType } from './middleware/content-type'
import { hostCheck } from './middleware/host'
import { corsHeaders, originCheck } from './middleware/origin'
import { ollamaRoutes } from './ollama/routes'
import { openaiRoutes } from './openai/routes'
import { Problem } from './problem'
import { staticRoutes } from './static-files'
import { answerNoRequest, answerUnreadable } from './unreadable-requests'

const KEEP_ALIVE_MS = 90_000
const MAX_BODY_BYTES = 32 * 1024 * 1024

export interface ApiOptions {
  readonly context: ApiContext
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** A second one, where programs look for Ollama; 0 picks a free one. */
  readonly ollamaPort: number | undefined
  /** Folder with the built app; served at `/`. */
  readonly staticDir: string | undefined
  /** Hosts that requests may be sent to beside this machine's own names. */
  readonly allowedHosts: readonly string[]
  /** Origins of our own windows, and those whose pages may use the API. */
  readonly allowedOrigins: readonly string[]
  readonly log: { warn(fields: object, message: string): void }
}

export interface Api {
  readonly url: string
  /** Where programs find it that look for Ollama; undefined where that is not asked for, or the port cannot be had. */
  readonly ollamaUrl: string | undefined
  /** A link that signs one browser in; undefined where the API is not open to the network. */
  readonly signInLink: (() => string) | undefined
  close(): Promise<void>
}

/** The port cannot be had; says who to ask. */
export class ListenError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = 'ListenError'
  }
}

/** Whether a client went away before it had sent all of its request. */
const leftInItsBody = ({ destroyed, complete }: ApiEnv['Bindings']['incoming']): boolean => destroyed && !complete

/** `open` to the network: every request needs a key or a session. */
const buildApp = (options: ApiOptions, { access, open }: { access: Access; open: boolean }): Hono<ApiEnv> => {
  const { context, staticDir, allowedHosts, allowedOrigins, log } = options
  // Clients put a slash after a route or leave it away, as their base URL happens to end.
  const app = new Hono<ApiEnv>({ strict: false })
  app.onError((error, c) => {
    if (error instanceof Problem) return respondWith(c, error)
    // Nobody hears it, and nothing is wrong here.
    if (leftInItsBody(c.env.incoming)) return c.body(null, 400)
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
  app.route('/', connectRoutes(context, open ? () => access.signInLink() : undefined))
  app.route('/', settingsRoutes(context))
  app.route('/', setupRoutes(context))
  app.route('/', powerRoutes(context))
  app.route('/', warningRoutes(context))
  app.route('/', eventRoutes(context))
  // Before OpenAI's: it takes what its own clients ask at the routes that both have.
  app.route('/', anthropicRoutes(context))
  app.route('/', openaiRoutes(context))
  app.route('/', ollamaRoutes(context))
  app.route('/', openApiRoutes(context.version))
  if (staticDir !== undefined) app.route('/', staticRoutes(staticDir))
  return app
}

type Fetch = Hono<ApiEnv>['fetch']

/** Ollama's clients ask there whether it runs, also from pages; the rest is as everywhere. */
const atOllamasPort =
  (fetch: Fetch, allowedOrigins: readonly string[]): Fetch =>
  (request, ...rest) => {
    if (new URL(request.url).pathname !== '/') return fetch(request, ...rest)
    const origin = request.headers.get('origin') ?? ''
    const headers = corsHeaders(allowedOrigins.includes(origin) ? origin : undefined)
    return new Response('Ollama is running', { headers })
  }

interface Listening {
  readonly url: string
  close(): Promise<void>
}

/** Throws ListenError. `option` names the setting that gives another port. */
const listen = async (
  fetch: Fetch,
  { host, port, option }: { readonly host: string; readonly port: number; readonly option: string },
): Promise<Listening> => {
  const listener = getRequestListener(fetch, { errorHandler: answerNoRequest })
  // Longer than clients keep idle connections (75 s): one that is closed under a request fails it.
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, answer) => void listener(request, answer))
  answerUnreadable(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      const message = taken
        ? `Port ${port} of ${host} is in use by another program`
        : `Cannot listen on port ${port} of ${host} (${cause.code ?? cause.message})`
      const hint = `Quit that program, or choose another port with ${option}.`
      reject(new ListenError(taken ? 'port_in_use' : 'cannot_listen', message, hint, { cause }))
    })
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host
  return {
    url: `http://${name}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Event streams never end by themselves.
        server.closeAllConnections()
      }),
  }
}

/** The second port is for convenience: without it the node runs all the same. */
const listenForOllama = async (
  fetch: Fetch,
  { host, ollamaPort, allowedOrigins, log }: ApiOptions,
): Promise<Listening | undefined> => {
  if (ollamaPort === undefined) return undefined
  try {
    const option = '--ollama-port or MUSTER_OLLAMA_PORT'
    return await listen(atOllamasPort(fetch, allowedOrigins), { host, port: ollamaPort, option })
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    log.warn({}, `${error.message}, so programs that look for Ollama there do not find Muster. ${error.hint}`)
    return undefined
  }
}

/** Listens, and answers until closed. Throws ListenError. */
export const startApi = async (options: ApiOptions): Promise<Api> => {
  const { host, port, context } = options
  const access = new Access(() => context.source.state())
  const open = !isLoopback(host)
  const { fetch } = buildApp(options, { access, open })
  const main = await listen(fetch, { host, port, option: '--port or MUSTER_PORT' })
  const ollama = await listenForOllama(fetch, options)
  return {
    url: main.url,
    ollamaUrl: ollama?.url,
    signInLink: open ? () => `${main.url}${access.signInPath()}` : undefined,
    close: async () => {
      await Promise.all([main.close(), ollama?.close()])
    },
  }
}
