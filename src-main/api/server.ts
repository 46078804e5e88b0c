import { isLoopback } from '@core/settings/node'
import { buildApp, type AppOptions } from './app'
import { listen, ListenError, type Fetch, type Listening } from './listening'
import { Access } from './middleware/access'
import { corsHeaders } from './middleware/origin'

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

/** Ollama clients probe `/` to see whether it runs, also from pages; all other routes are the same. */
const atOllamasPort =
  (fetch: Fetch, allowedOrigins: readonly string[]): Fetch =>
  (request, ...rest) => {
    if (new URL(request.url).pathname !== '/') return fetch(request, ...rest)
    const origin = request.headers.get('origin') ?? ''
    const headers = corsHeaders(allowedOrigins.includes(origin) ? origin : undefined)
    return new Response('Ollama is running', { headers })
  }

/** The second port is optional: the node also runs without it. */
const listenForOllama = async (
  fetch: Fetch,
  { host, ollamaPort, allowedOrigins, log }: ApiOptions,
): Promise<Listening | undefined> => {
  if (ollamaPort === undefined) return undefined
  try {
    const option = '--ollama-port or MUSTER_OLLAMA_PORT'
    return await listen(atOllamasPort(fetch, allowedOrigins), { host, port: ollamaPort, option, log })
  } catch (error) {
    if (!(error instanceof ListenError)) throw error
    log.warn({}, `${error.message}, so programs that look for Ollama there do not find Muster. ${error.hint}`)
    return undefined
  }
}

/** Starts the HTTP server. Throws ListenError. */
export const startApi = async (options: ApiOptions): Promise<Api> => {
  const { host, port, context, log } = options
  const access = new Access(() => context.source.state())
  const open = !isLoopback(host)
  const { fetch } = buildApp(options, { access, open })
  const main = await listen(fetch, { host, port, option: '--port or MUSTER_PORT', log })
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
