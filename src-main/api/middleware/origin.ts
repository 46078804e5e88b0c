import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem'

/** What a handler that writes to the socket itself must know of the request. */
export interface OriginVariables {
  /** The trusted origin that asked, to be named in the answer. */
  allowedOrigin?: string
}

/**
 * Refuses requests that a page of another origin makes in a person's browser (CSRF). Programs send no
 * Origin and pass. The app's own origin is trusted, and told so (CORS), since its scheme is its own.
 */
export const originCheck = ({
  trusted,
}: {
  readonly trusted: readonly string[]
}): MiddlewareHandler<{ Variables: OriginVariables }> => {
  return async (c, next) => {
    const origin = c.req.header('origin')
    const own = origin !== undefined && origin === `http://${c.req.header('host') ?? ''}`
    const known = origin !== undefined && trusted.includes(origin)
    const site = c.req.header('sec-fetch-site')
    const elsewhere = site === 'cross-site' || site === 'same-site'
    // A link that a person follows to this page is no forgery, and changes nothing.
    const visit = c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate'
    if ((origin !== undefined && !own && !known) || (elsewhere && !known && !visit)) {
      throw new Problem(403, 'foreign_origin', `Pages of ${origin ?? 'another site'} may not use this API`, {
        hint: 'Call it from a program, or from a page that this node serves.',
      })
    }
    if (known) {
      c.set('allowedOrigin', origin)
      c.header('access-control-allow-origin', origin)
      c.header('vary', 'origin')
      if (c.req.method === 'OPTIONS') {
        c.header('access-control-allow-methods', 'GET, POST, PATCH, DELETE')
        c.header('access-control-allow-headers', 'content-type, authorization, last-event-id')
        c.header('access-control-max-age', '600')
        return c.body(null, 204)
      }
    }
    await next()
    return undefined
  }
}
