import type { Context, MiddlewareHandler } from 'hono'
import { isOllamas } from '../dialect'
import { Problem } from '../problem'

const WRITES = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Ollama's examples post JSON with curl, which labels it as a form. Accepted only without an Origin header: browsers
 * send one with every POST (Fetch standard, "append a request Origin header"), so no page can forge such a request.
 */
const isProgramOfOllamas = ({ req }: Context): boolean =>
  isOllamas(req.path) && req.header('origin') === undefined && req.header('sec-fetch-site') === undefined

/** Requires writes to declare JSON, which a cross-site form cannot do. */
export const contentType: MiddlewareHandler = async (c, next) => {
  if (WRITES.has(c.req.method) && !isProgramOfOllamas(c)) {
    const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    const empty =
      c.req.header('content-length') === '0' ||
      (type === undefined &&
        c.req.header('transfer-encoding') === undefined &&
        c.req.header('content-length') === undefined)
    if (type !== 'application/json' && !(empty && type === undefined && c.req.header('origin') === undefined)) {
      throw new Problem(415, 'unsupported_media_type', 'The body must be JSON', {
        hint: 'Send the header content-type: application/json.',
      })
    }
  }
  await next()
}
