import type { MiddlewareHandler } from 'hono'
import { bodyLimit as countedLimit } from 'hono/body-limit'
import { Problem } from '../problem'

const BYTES_PER_MIB = 1024 * 1024

/**
 * Refuses bodies over the limit. A body with a Content-Length is checked by that alone, because Node enforces it:
 * Hono's own middleware first converts the request into a Fetch API request whose web stream handlers then have to
 * read.
 */
export const bodyLimit = ({ maxBytes }: { readonly maxBytes: number }): MiddlewareHandler => {
  const counted = countedLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new Problem(413, 'too_large', `The body is over ${maxBytes / BYTES_PER_MIB} MiB`)
    },
  })
  return (c, next) => {
    const length = c.req.header('content-length')
    const fits = length !== undefined && Number(length) <= maxBytes
    return fits && c.req.header('transfer-encoding') === undefined ? next() : counted(c, next)
  }
}
