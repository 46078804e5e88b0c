import type { Context, MiddlewareHandler } from 'hono'
import { isOllamas } from '../dialect'
import { Problem } from '../problem'

const WRITES = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Ollama's examples post by curl, which says that JSON is a form. A page cannot make such a request and hide that it
 * is one: browsers send an origin with every POST (Fetch standard, "append a request Origin header").
 */
const isProgramOfOllamas = ({ req }: Context): boolean =>
  isOllamas(req.path) && req.header('origin') === undefined && req.header('sec-fetch-site') === undefined

/** Writes are JSON and say so: a form of another site cannot. */
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
