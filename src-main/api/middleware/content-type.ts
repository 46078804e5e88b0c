import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem'

const WRITES = new Set(['POST', 'PUT', 'PATCH'])

/** Writes are JSON and say so: a form of another site cannot. */
export const contentType: MiddlewareHandler = async (c, next) => {
  if (WRITES.has(c.req.method)) {
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
