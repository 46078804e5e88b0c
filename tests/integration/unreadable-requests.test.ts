import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'

const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string().min(1) }) })

describe('bytes that make no request', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    node = await startHeadless({ dataDir: folder.path })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const connected = () => {
    const { hostname, port } = new URL(node.url)
    return connect(Number(port), hostname)
  }
  /** All that comes back for some bytes, until the node closes the connection. */
  const sent = async (bytes: string) => {
    const socket = connected()
    socket.write(bytes, 'latin1')
    return await text(socket)
  }
  const get = (headers: string) => `GET /health HTTP/1.1\r\n${headers}\r\n\r\n`
  const post = (headers: string, body: string) =>
    `POST /meta_instance HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`

  it.each([
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a protocol that is not spoken', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['a length that is none', post('Content-Length: -5', '{}'), 400],
    ['two lengths', post('Content-Length: 2\r\nContent-Length: 3', '{}'), 400],
    ['a length beside chunks', post('Content-Length: 2\r\nTransfer-Encoding: chunked', '{}'), 400],
    ['chunks without a length', post('Transfer-Encoding: chunked', 'zz\r\n{}\r\n'), 400],
    ['headers without end', get(`Host: localhost\r\nCookie: ${'a'.repeat(20_000)}`), 431],
    ['no host', get('Connection: close'), 400],
    ['a host that makes no URL', get('Host: [\r\nConnection: close'), 400],
    ['a host that is an account', get('Host: a@localhost\r\nConnection: close'), 400],
    [
      'an account in its target',
      'GET http://a:b@localhost/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['a tunnel', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n', 405],
  ])('%s: an answer in the form of all errors', async (_what, bytes, status) => {
    const [head = '', body = ''] = (await sent(bytes)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(Refusal.safeParse(JSON.parse(body)).success).toBe(true)
  })

  it('are answered behind an answer that is whole, and never written into one that is under way', async () => {
    const kept = connected()
    kept.write(get('Host: localhost'))
    await once(kept, 'readable')
    expect(String(kept.read())).toMatch(/^HTTP\/1\.1 200 /)
    kept.write('rubbish\r\n\r\n')
    expect(await text(kept)).toMatch(/^HTTP\/1\.1 400 /)
    const socket = connected()
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'readable')
    socket.write('rubbish\r\n\r\n')
    expect(await text(socket)).not.toContain('invalid_http')
  })

  it('do not pass for a fault of the node where a client leaves in the midst of its body', async () => {
    const socket = connected()
    socket.write(post('Content-Length: 1000', '{"modelId": '))
    await once(socket, 'ready')
    expect((await fetch(new URL('/health', node.url))).status).toBe(200)
    socket.destroy()
    await once(socket, 'close')
    expect((await fetch(new URL('/health', node.url))).status).toBe(200)
    expect(node.stderr()).not.toContain('failed unexpectedly')
  })
})
