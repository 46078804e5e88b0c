import type { MiddlewareHandler } from 'hono'
import { bodyLimit as countedLimit } from 'hono/body-limit'
import { Problem } from '../problem'

const BYTES_PER_MIB = 1024 * 1024

/**
 * Refuses bodies over the limit. One that says its length is let through by that alone, which Node holds it to: Hono's
 * own middleware first turns the request into one of the Fetch API, with a web stream that handlers then read through.
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
