import { once } from 'node:events'
import http, { type Server } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { clientGone } from './answering/answer-socket'
import type { ApiEnv } from './env'
import { listen, ListenError, type Fetch, type Listening } from './listening'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})

const warned = vi.fn()
const OPTIONS = { host: '127.0.0.1', port: 0, option: '--port', log: { warn: warned } }

const serving = async (fetch: Fetch): Promise<Listening> => {
  const listening = await listen(fetch, OPTIONS)
  open.push(listening)
  return listening
}

/** A raw TCP client. `received` resolves with all received bytes when the connection ends. */
const client = async ({ url }: Listening): Promise<{ socket: Socket; received: Promise<string> }> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const received = new Promise<string>((resolve, reject) => {
    socket.once('close', () => resolve(text))
    socket.once('error', reject)
  })
  return { socket, received }
}

/** All that a server sends for these bytes, to the end of the connection. */
const answersTo = async (listening: Listening, bytes: string): Promise<string> => {
  const { socket, received } = await client(listening)
  socket.write(bytes)
  return received
}

const REQUEST = ['GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n', '\r\n'] as const

describe('a port', () => {
  const { createServer } = http
  afterEach(() => {
    http.createServer = createServer
    syncBuiltinESMExports()
  })

  it('goes on listening when connections could not be accepted', async () => {
    const servers: Server[] = []
    http.createServer = ((...given: Parameters<typeof createServer>) => {
      const server = createServer(...given)
      servers.push(server)
      return server
    }) as typeof createServer
    syncBuiltinESMExports()
    const listening = await serving(() => new Response('here'))
    const refused = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
    for (const server of servers) for (let times = 0; times < 3; times += 1) server.emit('error', refused)
    expect(servers).toHaveLength(1)
    expect(warned).toHaveBeenCalledWith({ err: refused }, expect.any(String))
    expect(await answersTo(listening, 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toContain('here')
  })

  it.each(['HTTP/1.1', 'HTTP/1.0'])('explains that a request by %s names no host', async (version) => {
    const answer = await answersTo(
      await serving(() => new Response('')),
      `GET / ${version}\r\nconnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*"invalid_http".*no Host header/)
  })

  it('ignores what a client expects beyond being let to send its body', async () => {
    const bytes = 'GET / HTTP/1.1\r\nhost: a\r\nexpect: gold\r\nconnection: close\r\n\r\n'
    expect(await answersTo(await serving(() => new Response('here')), bytes)).toMatch(/^HTTP\/1\.1 200 [^]*here/)
  })

  it('explains that it opens no tunnels', async () => {
    const bytes = 'CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n'
    const answer = await answersTo(await serving(() => new Response('here')), bytes)
    expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*\r\nallow: GET, [^]*"method_not_allowed".*no proxy/)
  })

  it('hands no refusal of a tunnel to the request before it', async () => {
    const listening = await serving(() => new Promise<Response>(() => undefined))
    const bytes = `${REQUEST.join('')}CONNECT a.example:443 HTTP/1.1\r\nhost: a\r\n\r\n`
    expect(await answersTo(listening, bytes)).toBe('')
  })

  it('lives on when a client resets the connection of the tunnel that it is refused', async () => {
    const listening = await serving(() => new Response('here'))
    const { socket, received } = await client(listening)
    socket.write('CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n\r\n')
    socket.resetAndDestroy()
    await received
    expect(await answersTo(listening, `${REQUEST[0]}connection: close\r\n${REQUEST[1]}`)).toContain('here')
  })

  it.each(['rubbish\r\n\r\n', 'CONNECT a.example:443 HTTP/1.1\r\nhost: a\r\n\r\n'])(
    'writes no refusal into an answer under way, whatever was sent behind its request: %j',
    async (behind) => {
      const tick = new ReadableStream({ start: (to) => to.enqueue(Buffer.from('tick')) })
      const listening = await serving((request) => {
        const { pathname } = new URL(request.url)
        return pathname === '/stream' ? new Response(tick) : new Promise<Response>(() => undefined)
      })
      const { socket, received } = await client(listening)
      socket.write('GET /stream HTTP/1.1\r\nhost: a\r\n\r\n')
      await once(socket, 'data')
      socket.write('GET /pending HTTP/1.1\r\nhost: a\r\n\r\n' + behind)
      expect(await received).not.toMatch(/invalid_http|method_not_allowed/)
    },
  )
})

describe('a client that leaves', () => {
  const paths = ['/1', '/2', '/3']
  const requests = paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join('')

  it('is noticed by each of its requests, also by those whose answers wait behind another one', async () => {
    const asked: string[] = []
    const told: string[] = []
    const listening = await serving((request, bindings) => {
      const { outgoing } = bindings as ApiEnv['Bindings']
      const { pathname } = new URL(request.url)
      asked.push(pathname)
      outgoing.on('close', () => told.push(`${pathname} closed`))
      clientGone(outgoing).addEventListener('abort', () => told.push(`${pathname} aborted`))
      request.signal.addEventListener('abort', () => told.push(`${pathname} is over`))
      return new Promise<Response>(() => undefined)
    })
    const { socket } = await client(listening)
    socket.write(requests)
    await vi.waitFor(() => expect(asked).toEqual(paths), 30_000)
    socket.destroy()
    const expected = paths.flatMap((path) => [`${path} aborted`, `${path} closed`, `${path} is over`])
    await vi.waitFor(() => expect(told.toSorted()).toEqual(expected), 30_000)
  })

  it('is noticed by a request that is examined only afterwards', async () => {
    let examine: () => void = () => undefined
    const examined = new Promise<void>((resolve) => (examine = resolve))
    let left = 0
    const aborted: boolean[] = []
    const listening = await serving(async (request, bindings) => {
      const { outgoing } = bindings as ApiEnv['Bindings']
      outgoing.on('close', () => (left += 1))
      await examined
      aborted.push(clientGone(outgoing).aborted)
      return new Response('')
    })
    const { socket, received } = await client(listening)
    socket.write(requests, () => socket.destroy())
    await received
    await vi.waitFor(() => expect(left).toBe(paths.length), 30_000)
    examine()
    await vi.waitFor(() => expect(aborted).toEqual([true, true, true]), 30_000)
  })

  it('says nothing to requests that have been answered', async () => {
    const closed: string[] = []
    const listening = await serving((request, bindings) => {
      const { pathname } = new URL(request.url)
      ;(bindings as ApiEnv['Bindings']).outgoing.on('close', () => closed.push(pathname))
      return new Response(pathname)
    })
    const { socket, received } = await client(listening)
    socket.write(requests.replace('/3 HTTP/1.1\r\n', '/3 HTTP/1.1\r\nconnection: close\r\n'))
    expect((await received).match(/200 OK/g)).toHaveLength(3)
    await vi.waitFor(() => expect(closed).toEqual(paths), 30_000)
  })
})

describe('a port that is closed', () => {
  it('answers the request that was only half there', async () => {
    const listening = await serving(() => new Response('restarting', { status: 503 }))
    const { socket, received } = await client(listening)
    socket.write(REQUEST[0])
    const closed = listening.close()
    setImmediate(() => socket.write(REQUEST[1]))
    expect(await received).toMatch(/^HTTP\/1\.1 503 [^]*restarting/)
    await closed
  })

  it('answers the request that is being decided, and lets its connection go', async () => {
    let decide: (answer: Response) => void = () => undefined
    let asked: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (asked = resolve))
    const listening = await serving(() => {
      asked()
      return new Promise((resolve) => (decide = resolve))
    })
    const { socket, received } = await client(listening)
    socket.write(REQUEST.join(''))
    await arrived
    const closed = listening.close()
    setImmediate(() => decide(new Response('late')))
    expect(await received).toContain('late')
    await closed
  })

  it('accepts a connection that the system held ready, but none after it', async () => {
    const listening = await serving(() => new Response('taken'))
    const held = client(listening)
    const closed = listening.close()
    const { socket, received } = await held
    socket.write(REQUEST.join(''))
    expect(await received).toContain('taken')
    await closed
    await expect(client(listening)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends what streams without end, and waits for nobody who says nothing', async () => {
    const listening = await serving(
      () => new Response(new ReadableStream({ pull: (to) => to.enqueue(Buffer.from('tick')) })),
    )
    const silent = await client(listening)
    const { socket, received } = await client(listening)
    socket.write(REQUEST.join(''))
    await once(socket, 'data')
    await listening.close()
    expect(await received).toContain('200 OK')
    expect(await silent.received).toBe('')
  })

  it.each(['rubbish\r\n\r\n', 'CONNECT a.example:443 HTTP/1.1\r\nhost: a\r\n\r\n'])(
    'lets go of a client that keeps its end open after a refusal: %j',
    async (bytes) => {
      const listening = await serving(() => new Response('here'))
      const socket = connect({ port: Number(new URL(listening.url).port), host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => undefined)
      socket.write(bytes)
      await once(socket, 'data')
      await listening.close()
      socket.destroy()
    },
  )

  it('may be taken by another program: then it says which option chooses another', async () => {
    const { url } = await serving(() => new Response(''))
    const again = listen(() => new Response(''), { ...OPTIONS, port: Number(new URL(url).port) })
    await expect(again).rejects.toThrow(ListenError)
    await expect(again).rejects.toMatchObject({
      code: 'port_in_use',
      hint: expect.stringContaining('--port') as string,
    })
  })

  it('may be asked for at an address of no machine here: then it says which ones there are', async () => {
    const elsewhere = listen(() => new Response(''), { ...OPTIONS, host: '192.0.2.1' })
    await expect(elsewhere).rejects.toMatchObject({
      code: 'cannot_listen',
      hint: expect.stringMatching(/--host.*127\.0\.0\.1/) as string,
    })
  })
})
