import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { respondWith } from '../dialect'
import { Problem } from '../problem'
import { contentEncoding } from './content-encoding'

const TEXT = '{"model": "m", "words": "ä — 厨房"}'
const MAX_BYTES = 1000

const api = () => {
  const app = new Hono()
  app.onError((error, c) => (error instanceof Problem ? respondWith(c, error) : c.text('unexpected', 500)))
  app.use(contentEncoding({ maxBytes: MAX_BYTES }))
  app.post('/echo', async (c) => c.text(await c.req.text()))
  return app
}
const send = (body: Buffer | string, encoding?: string) =>
  api().request('/echo', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(encoding !== undefined && { 'content-encoding': encoding }) },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })

describe('a body', () => {
  it.each([
    ['gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['identity', TEXT],
    [undefined, TEXT],
  ])('sent as %s is read as it was before', async (encoding, body) => {
    const answer = await send(body, encoding)
    expect([answer.status, await answer.text()]).toEqual([200, TEXT])
  })

  it.each(['zstd', 'compress', 'gzip, gzip'])('sent as %s is refused with what can be sent', async (encoding) => {
    const answer = await send(gzipSync(TEXT), encoding)
    expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining('gzip, deflate and br')])
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('that %s made small is bounded by what comes of it', async (encoding, compress) => {
    expect((await send(compress('x'.repeat(MAX_BYTES)), encoding)).status).toBe(200)
    expect((await send(compress('x'.repeat(MAX_BYTES + 1)), encoding)).status).toBe(413)
  })

  it.each(['gzip', 'deflate', 'br'])('that is no %s, or breaks off, is a clear 400', async (encoding) => {
    for (const body of [TEXT, gzipSync(TEXT).subarray(0, 20)]) {
      const answer = await send(body, encoding)
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`not valid ${encoding}`)])
    }
  })
})
