import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, type InputType, type ZlibOptions } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem'

type Decompress = (body: InputType, options: ZlibOptions) => Promise<Buffer>

const ZLIB_METHOD = 8
const LOW_NIBBLE = 0x0f

const unzipped: Decompress = promisify(gunzip)
const inflated: Decompress = promisify(inflate)
const inflatedRaw: Decompress = promisify(inflateRaw)
const unbrotlied: Decompress = promisify(brotliDecompress)

/** "deflate" means the zlib format (RFC 9110, 8.4.1.2); some clients omit its header. */
const deflated = (body: Buffer): Decompress => (((body[0] ?? 0) & LOW_NIBBLE) === ZLIB_METHOD ? inflated : inflatedRaw)

const decompressorOf = (encoding: string, body: Buffer): Decompress | undefined => {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return unzipped
    case 'deflate':
      return deflated(body)
    case 'br':
      return unbrotlied
    default:
      return undefined
  }
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'

/** Decompresses request bodies. The decompressed size is limited too: a few bytes can expand to gigabytes. */
export const contentEncoding =
  ({ maxBytes }: { readonly maxBytes: number }): MiddlewareHandler =>
  async (c, next) => {
    const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? ''
    if (encoding === '' || encoding === 'identity' || !c.req.raw.body) return next()
    // Not read through c.req, which would cache the raw body for the handlers.
    const body = Buffer.from(await c.req.raw.arrayBuffer())
    const decompress = decompressorOf(encoding, body)
    if (!decompress) {
      throw new Problem(415, 'unsupported_encoding', `The content-encoding "${encoding}" is not supported`, {
        hint: 'Send the body as it is, or with one of gzip, deflate and br.',
      })
    }
    try {
      const whole = await decompress(body, { maxOutputLength: maxBytes })
      const headers = new Headers(c.req.raw.headers)
      headers.delete('content-encoding')
      headers.set('content-length', String(whole.byteLength))
      c.req.raw = new Request(c.req.raw, { headers, body: new Uint8Array(whole) })
    } catch (error) {
      if (isTooLarge(error)) throw new Problem(413, 'too_large', `The body is over ${maxBytes} bytes once decompressed`)
      throw new Problem(400, 'invalid_encoding', `The body is not valid ${encoding}`, {
        hint: 'Its content-encoding header declares this encoding.',
      })
    }
    return next()
  }
