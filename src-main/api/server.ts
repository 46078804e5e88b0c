import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { isLoopback } from '@core/settings/node'
import { buildApp, type AppOptions } from './app'
import type { ApiEnv } from './env'
import { Access } from './middleware/access'
import { corsHeaders } from './middleware/origin'
import { answerNoRequest, answerUnreadable } from './unreadable-requests'

const KEEP_ALIVE_MS = 90_000

export interface ApiOptions extends AppOptions {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
  /** A second port, Ollama's default, where programs look for it; 0 picks a free one. */
  readonly ollamaPort: number | undefined
}

export interface Api {
  readonly url: string
  /** The URL on Ollama's port; undefined if it is off or the port is taken. */
  readonly ollamaUrl: string | undefined
  /** A one-time sign-in link; undefined if the API is not open to the network. */
  readonly signInLink: (() => string) | undefined
  close(): Promise<void>
}

/** The port cannot be bound; the hint says what to do. */
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

type Fetch = Hono<ApiEnv>['fetch']

/** Ollama clients probe `/` to see whether it runs, also from pages; all other routes are the same. */
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

/** Binds the port. Throws ListenError. `option` names the setting that changes the port. */
const listen = async (
  fetch: Fetch,
  { host, port, option }: { readonly host: string; readonly port: number; readonly option: string },
): Promise<Listening> => {
  const listener = getRequestListener(fetch, { errorHandler: answerNoRequest })
  // Longer than clients keep idle connections (75 s): closing one just as a request arrives would fail that request.
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
        server.closeIdleConnections()
        // Lets pending writes be sent first; event streams never end by themselves.
        setImmediate(() => server.closeAllConnections())
      }),
  }
}

/** The second port is optional: the node also runs without it. */
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

/** Starts the HTTP server. Throws ListenError. */
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
