import { hostname } from 'node:os'
import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import { AllowedHost, coversHost, plainHost } from '@core/settings/allowed-host'
import { Problem } from '../problem'

/** The request's host from its Host header: a name or address without the port. */
export const hostOf = (c: Context): string => plainHost((c.req.header('host') ?? '').replace(/:\d+$/, ''))

/**
 * The host that the request is for by its URL. The adapter makes that of the Host header, except for a request in
 * absolute form (`GET http://…`), as proxies get and pass on: its target names a host of its own, which the header need
 * not repeat. An account in it is an error (RFC 9110, 4.2.4); Node makes no `Request` of such a URL.
 */
const targetHostOf = (c: Context): string => {
  const { hostname, username, password } = new URL(c.req.url)
  if (username !== '' || password !== '')
    throw new Problem(400, 'invalid_http', 'The target of the request has a name and a password before its host', {
      hint: 'Send an API key in the header Authorization or x-api-key.',
    })
  return plainHost(hostname)
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

/** Read on each request: a machine may be renamed while the node runs. */
const isOwnName = (host: string, systemName: () => string): boolean => {
  const name = plainHost(systemName())
  return host === name || host === `${name.split('.')[0] ?? name}.local`
}

export interface HostCheckOptions {
  /** Whether the API is open to the network, where every request needs a key. */
  readonly open: boolean
  /** Additional allowed hosts, from the settings. */
  readonly allowed: readonly string[]
  hasKey(c: Context): boolean
  readonly systemName?: () => string
}

const hintFor = (host: string, open: boolean): string => {
  const usual = open ? 'Use this machine’s address or name' : 'Use http://127.0.0.1 or http://localhost with this port'
  if (!AllowedHost.safeParse(host).success) return `${usual}.`
  return `${usual}, or allow this one: start with --allow-host ${host} or MUSTER_ALLOWED_HOSTS=${host}, or put "allowedHosts": ["${host}"] into settings.json in the data folder. A request with a valid API key may use any host.`
}

/**
 * Refuses requests for other hosts (DNS rebinding): a page that points its own domain at this machine sends that name
 * as Host. IP addresses are safe, because they cannot be rebound, and so are requests with a key, because such a page
 * has none.
 */
export const hostCheck = ({ open, allowed, hasKey, systemName = hostname }: HostCheckOptions): MiddlewareHandler => {
  const isKnown = (host: string): boolean =>
    isLoopback(host) || coversHost(allowed, host) || (open && (isIP(host) !== 0 || isOwnName(host, systemName)))
  return async (c, next) => {
    const host = [hostOf(c), targetHostOf(c)].find((one) => !isKnown(one))
    if (host !== undefined && !hasKey(c)) {
      throw new Problem(403, 'foreign_host', `This is not the host "${host.slice(0, 255)}"`, {
        hint: hintFor(host, open),
      })
    }
    await next()
  }
}
