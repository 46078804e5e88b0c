import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'
import type { RequestInit, Response } from 'undici'

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

/** What asks the internet for this node. */
export interface Network {
  /** Rejects as `fetch` does, and with CertificateFileError. */
  readonly fetch: (url: URL, init: RequestInit) => Promise<Response>
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

/**
 * Opened with the first request: the library takes its time to load, and a Mac's keychain to be read. `fetch` and the
 * agent come from one library, for Node's own `fetch` takes the agents of its own version alone.
 */
export const openNetwork = ({ env, proxy, noProxy, caFile }: NetworkOptions): Network => {
  const httpsProxy = proxy ?? variable(env, 'HTTPS_PROXY') ?? variable(env, 'ALL_PROXY')
  const open = async (): Promise<Network['fetch']> => {
    const { EnvHttpProxyAgent, fetch } = await import('undici')
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
    return (url, init) => fetch(url, { ...init, dispatcher })
  }
  let opened: Promise<Network['fetch']> | undefined
  return {
    fetch: async (url, init) => {
      opened ??= open()
      // A file that was missing may be there by the next time.
      opened.catch(() => (opened = undefined))
      return (await opened)(url, init)
    },
    proxy: httpsProxy?.replace(/\/\/[^/@]*@/, '//'),
  }
}
