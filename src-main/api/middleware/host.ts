import { hostname } from 'node:os'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem'

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** The name in a Host header, without its port. */
export const nameOf = (host: string): string => host.toLowerCase().replace(/:\d+$/, '')

const ownNames = (): Set<string> => {
  const name = hostname().toLowerCase()
  return new Set([name, `${name.split('.')[0] ?? name}.local`])
}

/**
 * Refuses requests for another host: a web page that points a name of its own at this machine (DNS
 * rebinding) gives itself away by that name. An address is nobody's name to point.
 */
export const hostCheck = ({ open }: { readonly open: boolean }): MiddlewareHandler => {
  const own = ownNames()
  return async (c, next) => {
    const name = nameOf(c.req.header('host') ?? '')
    const address = isIP(name.replace(/^\[|\]$/g, '')) !== 0
    if (!LOOPBACK.has(name) && !(open && (own.has(name) || address))) {
      throw new Problem(403, 'foreign_host', `This is not the host "${name}"`, {
        hint: open ? 'Use this machine’s address or name.' : 'Use http://127.0.0.1 or http://localhost with this port.',
      })
    }
    await next()
  }
}
