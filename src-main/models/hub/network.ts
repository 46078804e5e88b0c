import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'

/** How this machine gets to the internet, where it is not straight. */
export interface NetworkOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** `http://[user:password@]host:port`; else the proxy that `HTTPS_PROXY` or `ALL_PROXY` names. */
  readonly proxy?: string | undefined
  /** Hosts that are asked without it, `*` for all; else those of `NO_PROXY`. */
  readonly noProxy?: readonly string[] | undefined
  /** A PEM file of authorities that are trusted beside the usual ones; else that of `SSL_CERT_FILE`. */
  readonly caFile?: string | undefined
}

export interface NetworkRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface NetworkResponse {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  /** To be read to its end, or its loop to be left, or given up by `drop`. */
  readonly bytes: AsyncIterable<Uint8Array>
  /** Nobody reads the body: what is short is passed over, so that the connection can be used again. */
  drop(): Promise<void>
}

/** What asks the internet for this node. */
export interface Network {
  /** GET, without following redirects. Rejects with what the connection says, and with CertificateFileError. */
  readonly get: (url: URL, request: NetworkRequest) => Promise<NetworkResponse>
  /** The proxy's address without its password, for the words of an error; undefined where there is none. */
  readonly proxy: string | undefined
}

/** The file of authorities that a person named cannot be read. */
export class CertificateFileError extends Error {
  override readonly name = 'CertificateFileError'
}

/** As curl reads it: the small name first. */
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

/** From Node 22.15 on. */
type ListsAuthorities = typeof tls & { getCACertificates?: (of: 'default' | 'system') => string[] }

/** Node's own list (with NODE_EXTRA_CA_CERTS) and the system's, where this version of Node tells them, and the file's. */
const authorities = (file: string | undefined): string[] | undefined => {
  const { getCACertificates, rootCertificates }: ListsAuthorities = tls
  if (!getCACertificates && file === undefined) return undefined
  const known = getCACertificates?.('default') ?? rootCertificates
  return [...known, ...(getCACertificates?.('system') ?? []), ...(file === undefined ? [] : [pem(file)])]
}

/** The first of each header counts. */
const headersOf = (headers: Readonly<Record<string, string | string[] | undefined>>): Pick<Headers, 'get'> => ({
  get: (name) => {
    const value = headers[name]
    return (Array.isArray(value) ? value[0] : value) ?? null
  },
})

/**
 * Opened with the first request: the library takes its time to load, and a Mac's keychain to be read. `request` costs a
 * fraction of what `fetch` does for each byte, which is what a line of 10 Gb/s is about.
 */
export const openNetwork = ({ env, proxy, noProxy, caFile }: NetworkOptions): Network => {
  const httpsProxy = proxy ?? variable(env, 'HTTPS_PROXY') ?? variable(env, 'ALL_PROXY')
  const open = async (): Promise<Network['get']> => {
    const { EnvHttpProxyAgent, request } = await import('undici')
    const ca = authorities(caFile ?? variable(env, 'SSL_CERT_FILE'))
    const trust = ca ? { ca } : {}
    const dispatcher = new EnvHttpProxyAgent({
      httpsProxy: httpsProxy ?? '',
      httpProxy: proxy ?? variable(env, 'HTTP_PROXY') ?? variable(env, 'ALL_PROXY') ?? '',
      noProxy: noProxy?.join(',') ?? variable(env, 'NO_PROXY') ?? '',
      // Many proxies make tunnels to encrypted ports alone.
      proxyTunnel: false,
      connect: trust,
      requestTls: trust,
      proxyTls: trust,
    })
    return async (url, { headers, signal }) => {
      // Whoever asks has a patience of its own.
      const timeouts = { headersTimeout: 0, bodyTimeout: 0 }
      const { statusCode, headers: given, body } = await request(url, { headers, signal, dispatcher, ...timeouts })
      return {
        status: statusCode,
        headers: headersOf(given),
        bytes: body,
        drop: () => body.dump().catch(() => undefined),
      }
    }
  }
  let opened: Promise<Network['get']> | undefined
  return {
    get: async (url, request) => {
      opened ??= open()
      // A file that was missing may be there by the next time.
      opened.catch(() => (opened = undefined))
      return (await opened)(url, request)
    },
    proxy: httpsProxy?.replace(/\/\/[^/@]*@/, '//'),
  }
}
