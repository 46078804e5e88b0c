import { createHash, randomBytes, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openNetwork, type NetworkResponse } from './network'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

const authority = async (): Promise<{ readonly key: string; readonly cert: string }> => {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  })
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { key, cert: certificate.toString('pem') }
}

type Get = (path: string, signal?: AbortSignal) => Promise<NetworkResponse>
type Answer = (socket: Socket, path: string) => Promise<void>

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const send = (socket: Socket, bytes: Uint8Array | string): Promise<void> =>
  new Promise((resolve) => socket.write(bytes, () => resolve()))

/** Sends in writes of changing sizes, from single bytes to more than a read takes. */
const sendUneven = async (socket: Socket, bytes: Uint8Array): Promise<void> => {
  const sizes = [1, 7, 100, 9000, 70_000, 300_000, 16_384, 8191, 8192, 1_000_000]
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const part = bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1))
    await send(socket, part)
    if (turn % 5 === 0) await wait(1)
    at += part.length
  }
}

describe('the network', () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-network-'))
  let server: Server | undefined
  let connections = 0
  const open = new Set<Socket>()
  afterEach(() => {
    for (const socket of open) socket.destroy()
    open.clear()
    server?.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** A server that answers each request by hand; returns what asks it. */
  const serve = async (answer: Answer, secure = false): Promise<Get> => {
    const { key, cert } = secure ? await authority() : { key: '', cert: '' }
    const accept = (socket: Socket): void => {
      connections += 1
      open.add(socket)
      socket.on('error', () => undefined)
      let asked = ''
      socket.on('data', (text) => {
        asked += text.toString('latin1')
        if (!asked.endsWith('\r\n\r\n')) return
        const path = asked.split(' ')[1] ?? ''
        asked = ''
        void answer(socket, path)
      })
    }
    connections = 0
    server = secure ? createTlsServer({ key, cert }, accept) : createServer(accept)
    server.listen(0, 'localhost')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const caFile = join(folder, 'authority.pem')
    if (secure) writeFileSync(caFile, cert)
    const network = openNetwork({ env: {}, ...(secure && { caFile }) })
    const url = `${secure ? 'https' : 'http'}://localhost:${address.port}`
    return (path, signal = new AbortController().signal) => network.get(new URL(url + path), { headers: {}, signal })
  }

  const read = async ({ bytes }: NetworkResponse, slowly = false): Promise<Buffer> => {
    const parts: Buffer[] = []
    for await (const part of bytes) {
      if (slowly && parts.length % 4 === 0) await wait(2)
      parts.push(Buffer.from(part))
    }
    return Buffer.concat(parts)
  }

  it.each([
    ['http', false],
    ['https', true],
  ])(
    'brings the bytes as they were sent, by %s, however they come and however slowly they are read',
    async (_, secure) => {
      const bodies = new Map<string, Buffer>(
        Array.from({ length: 6 }, (_body, index) => [`/${index}`, randomBytes(index * 700_000 + index)]),
      )
      const get = await serve(async (socket, path) => {
        const body = bodies.get(path) ?? Buffer.alloc(0)
        const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nx-path: ${path}${'x'.repeat(2000)}\r\n\r\n`
        // A head in many small packets: its parts must outlive the reads that bring the next ones.
        for (let at = 0; at < head.length; at += 97) {
          await send(socket, head.slice(at, at + 97))
          if (at % 485 === 0) await wait(1)
        }
        await sendUneven(socket, body)
      }, secure)
      for (const slowly of [false, true])
        for (const [path, body] of bodies) {
          const response = await get(path)
          expect(response.headers.get('x-path')).toBe(path + 'x'.repeat(2000))
          expect(hashOf(await read(response, slowly))).toBe(hashOf(body))
        }
      // undici lets a connection rest for one turn of the event loop, in which the next request opens a second one.
      expect(connections).toBeLessThanOrEqual(2)
      const all = [...bodies, ...bodies].map(async ([path, body]) => {
        expect(hashOf(await read(await get(path), true))).toBe(hashOf(body))
      })
      await Promise.all(all)
    },
  )

  it('holds the server up while nobody reads', async () => {
    let sent = 0
    const get = await serve(async (socket) => {
      await send(socket, `HTTP/1.1 200 OK\r\ncontent-length: ${64 * 1024 * 1024}\r\n\r\n`)
      for (const part = Buffer.alloc(1024 * 1024); sent < 64 * part.length; sent += part.length)
        await send(socket, part)
    })
    const { bytes } = await get('/')
    const reader = bytes[Symbol.asyncIterator]()
    expect((await reader.next()).done).toBe(false)
    let before = -1
    for (; before !== sent; await wait(200)) before = sent
    expect(sent).toBeLessThan(32 * 1024 * 1024)
    let read = 0
    for (let one = await reader.next(); !one.done; one = await reader.next()) read += one.value.length
    expect(read).toBeGreaterThan(63 * 1024 * 1024)
  })

  it('brings what arrived before a connection was cut, then its error', async () => {
    const body = randomBytes(500_000)
    const get = await serve(async (socket) => {
      await send(socket, `HTTP/1.1 200 OK\r\ncontent-length: ${2 * body.length}\r\n\r\n`)
      await send(socket, body)
      socket.destroySoon()
    })
    const { bytes } = await get('/')
    const parts: Buffer[] = []
    const reading = async (): Promise<void> => {
      for await (const part of bytes) parts.push(Buffer.from(part))
    }
    await expect(reading()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
    expect(hashOf(Buffer.concat(parts))).toBe(hashOf(body))
  })

  it('closes the connection of a loop that is left, and uses that of a short dropped body again', async () => {
    const get = await serve(async (socket, path) => {
      const size = path === '/short' ? 1000 : 10_000_000
      await send(socket, `HTTP/1.1 404 Not Found\r\ncontent-length: ${size}\r\n\r\n`)
      await send(socket, Buffer.alloc(size))
    })
    for (let times = 0; times < 10; times += 1) await (await get('/short')).drop()
    expect(connections).toBeLessThanOrEqual(2)
    const left = await get('/long')
    for await (const part of left.bytes) if (part.length > 0) break
    // The one that it came over.
    await expect.poll(() => [...open].filter(({ destroyed }) => destroyed).length).toBe(1)
    await (await get('/long')).drop()
    expect((await read(await get('/short'))).length).toBe(1000)
  })

  it('ends with the signal, before the answer and during it', async () => {
    const get = await serve(async (socket, path) => {
      if (path === '/part') await send(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nsome')
    })
    const silent = new AbortController()
    const asked = get('/silent', silent.signal)
    setTimeout(() => silent.abort(), 20)
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' })
    const during = new AbortController()
    const { bytes } = await get('/part', during.signal)
    const reading = async (): Promise<void> => {
      for await (const part of bytes) if (part.length > 0) during.abort()
    }
    await expect(reading()).rejects.toMatchObject({ name: 'AbortError' })
    await expect(get('/part', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' })
  })
})
