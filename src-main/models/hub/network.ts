import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import type { Dispatcher } from 'undici'
import { readingConnector } from './read-buffers'
import { ResponseBody } from './response-body'

/** Proxy and certificate options for internet access. */
export interface NetworkOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `http://[user:password@]host:port`; default: `HTTPS_PROXY`, then `ALL_PROXY`. */
  readonly proxy?: string | undefined
  /** Hosts to reach without the proxy, `*` for all; default: `NO_PROXY`. */
  readonly noProxy?: readonly string[] | undefined
  /** PEM file of additional certificate authorities; default: `SSL_CERT_FILE`. */
  readonly caFile?: string | undefined
}

export interface NetworkRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface NetworkResponse {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /**
   * Must be read to the end, or its loop left, or discarded with `drop`. Each part is valid until the next one is asked
   * for, because its memory is used again.
   */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Discards the body; a short one is drained, so that the connection can be reused. */
  drop(): Promise<void>
}

/** HTTP client for internet requests. */
export interface Network {
  /** GET without following redirects. Rejects with connection errors and CertificateFileError. */
  readonly get: (url: URL, request: NetworkRequest) => Promise<NetworkResponse>
  /** The proxy's address without its password, for error messages; undefined without a proxy. */
  readonly proxy: string | undefined
}

/** The configured file of certificate authorities cannot be read. */
export class CertificateFileError extends Error {
  override readonly name = 'CertificateFileError'
}

/** Lower-case name first, like curl. */
const variable = (env: NetworkOptions['env'], name: string): string | undefined =>
  env[name.toLowerCase()]?.trim() || env[name]?.trim() || undefined

const pem = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CertificateFileError(`The file of certificates ${file} cannot be read (${why})`)
  }
}

/** Available since Node 22.15. */
type ListsAuthorities = typeof tls & { getCACertificates?: (of: 'default' | 'system') => string[] }

/**
 * Node's authorities (with NODE_EXTRA_CA_CERTS), the system's if this Node version can list them, and the file's.
 */
const authorities = (file: string | undefined): string[] | undefined => {
  const { getCACertificates, rootCertificates }: ListsAuthorities = tls
  if (!getCACertificates && file === undefined) return undefined
  const known = getCACertificates?.('default') ?? rootCertificates
  return [...known, ...(getCACertificates?.('system') ?? []), ...(file === undefined ? [] : [pem(file)])]
}

/** Takes the first value of each header. */
const headersOf = (headers: Readonly<Record<string, string | string[] | undefined>>): Pick<Headers, 'get'> => ({
  get: (name) => {
    const value = headers[name]
    return (Array.isArray(value) ? value[0] : value) ?? null
  },
})

/** Sends a request. Resolves when the headers of the response have arrived. */
const ask = (dispatcher: Dispatcher, url: URL, { headers, signal }: NetworkRequest): Promise<NetworkResponse> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const body = new ResponseBody()
    let forget = (): void => undefined
    const options = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers,
      // Callers have their own timeouts.
      headersTimeout: 0,
      bodyTimeout: 0,
    } as const
    dispatcher.dispatch(options, {
      onRequestStart: (controller) => {
        const abort = (): void => controller.abort(new DOMException('The request was aborted', 'AbortError'))
        signal.addEventListener('abort', abort, { once: true })
        forget = () => signal.removeEventListener('abort', abort)
        if (signal.aborted) abort()
      },
      onResponseStart: (_controller, status, given) => {
        // 1xx: the response itself follows.
        if (status >= 200) resolve({ status, headers: headersOf(given), bytes: body, drop: () => body.drop() })
      },
      onResponseData: (controller, chunk) => body.push(chunk, controller),
      onResponseEnd: () => {
        forget()
        body.over()
      },
      onResponseError: (_controller, error) => {
        forget()
        body.over(error)
        reject(error)
      },
    })
  })

/**
 * Opens lazily at the first request, because loading the library and reading the macOS keychain take time. Uses
 * undici's `dispatch` over sockets that reuse their buffers, which costs a fraction of `fetch` per byte: that matters on
 * a 10 Gb/s line.
 */
export const openNetwork = ({ env, proxy, noProxy, caFile }: NetworkOptions): Network => {
  const httpsProxy = proxy ?? variable(env, 'HTTPS_PROXY') ?? variable(env, 'ALL_PROXY')
  const open = async (): Promise<Network['get']> => {
    const { EnvHttpProxyAgent, buildConnector } = await import('undici')
    const ca = authorities(caFile ?? variable(env, 'SSL_CERT_FILE'))
    const trust = ca ? { ca } : {}
    const dispatcher = new EnvHttpProxyAgent({
      httpsProxy: httpsProxy ?? '',
      httpProxy: proxy ?? variable(env, 'HTTP_PROXY') ?? variable(env, 'ALL_PROXY') ?? '',
      noProxy: noProxy?.join(',') ?? variable(env, 'NO_PROXY') ?? '',
      // Plain HTTP is not tunnelled: many proxies allow CONNECT to TLS ports only.
      proxyTunnel: false,
      connect: readingConnector(buildConnector, trust),
      requestTls: trust,
      proxyTls: trust,
    })
    return (url, request) => ask(dispatcher, url, request)
  }
  let opened: Promise<Network['get']> | undefined
  return {
    get: async (url, request) => {
      opened ??= open()
      // Retried at the next request: a missing file may exist by then.
      opened.catch(() => (opened = undefined))
      return (await opened)(url, request)
    },
    proxy: httpsProxy?.replace(/\/\/[^/@]*@/, '//'),
  }
}
