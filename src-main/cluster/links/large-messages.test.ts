import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { NodeId } from '@core/ids'
import {
  MAX_MESSAGE_BYTES,
  MAX_PEER_FRAME_BYTES,
  OLDEST_PEER_PROTOCOL,
  PART_BYTES,
  PART_WINDOW_BYTES,
  PEER_PROTOCOL,
  type Hello,
} from '@core/protocols/peer'
import { Link, SOCKET_OPTIONS, type LinkFrame } from './link'
import { StreamError, type StreamHandler } from './streams'

const PATIENT = { timeout: 30_000, interval: 10 }

const greeting = (to: number): Hello => ({
  ...{ type: 'hello', protocols: { from: OLDEST_PEER_PROTOCOL, to }, boot: 'boot', version: '1.0.0', port: 0 },
  ...{ clusterId: 'cluster', addresses: [], probe: { port: 0, key: '' } },
})

/** One to four bytes each in UTF-8, so that parts begin in the middle of some. */
const LETTERS = ['a', 'é', '語', '🦊', '"', '\\']

/** A text whose JSON has this many bytes, or slightly fewer. */
const textOf = (bytes: number, seed: number): string => {
  const letters = LETTERS.map((_, index) => LETTERS[(index + seed) % LETTERS.length] ?? '').join('')
  const lot = Buffer.byteLength(JSON.stringify(letters)) - 2
  const text = letters.repeat(Math.max(0, Math.floor((bytes - 2) / lot)))
  return text + 'x'.repeat(Math.max(0, bytes - Buffer.byteLength(JSON.stringify(text))))
}

/** Parses the params of a request for a message. */
const asked = (params: unknown): { kind: string; bytes: number; seed: number } =>
  params as { kind: string; bytes: number; seed: number }

const handlers: ReadonlyMap<string, StreamHandler> = new Map<string, StreamHandler>([
  [
    'message',
    async function* (params) {
      const { kind, bytes, seed } = asked(params)
      yield 'first'
      yield kind === 'text' ? textOf(bytes, seed) : Buffer.alloc(bytes, seed)
      yield 'last'
    },
  ],
  [
    'echo',
    async function* (params) {
      yield params
    },
  ],
])

interface End {
  readonly link: Link
  readonly socket: WebSocket
  /** Resolves at the first frame that belongs to no stream. */
  readonly framed: Promise<LinkFrame>
  readonly closed: string[]
}

let server: WebSocketServer
let near: End
let far: End

const end = (socket: WebSocket, hello: Hello, dialled: boolean): End => {
  const closed: string[] = []
  let hear: (frame: LinkFrame) => void = () => undefined
  const framed = new Promise<LinkFrame>((resolve) => (hear = resolve))
  const link = new Link({
    ...{ peer: NodeId.parse('peer'), socket, dialled, remoteAddress: '', hello, handlers },
    onFrame: hear,
    onClose: ({ reason }) => closed.push(reason),
  })
  return { link, socket, framed, closed }
}

const connect = async (farTo: number): Promise<void> => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...SOCKET_OPTIONS })
  await once(server, 'listening')
  const called = once(server, 'connection') as Promise<[WebSocket]>
  const dialled = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, SOCKET_OPTIONS)
  await once(dialled, 'open')
  near = end(dialled, greeting(PEER_PROTOCOL), true)
  far = end((await called)[0], greeting(farTo), false)
  await Promise.all([near.link.greeted, far.link.greeted])
}

afterEach(async () => {
  for (const { link } of [near, far]) link.drop()
  await new Promise((resolve) => server.close(resolve))
})

const all = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
  const taken: unknown[] = []
  for await (const item of items) taken.push(item)
  return taken
}

const outcome = (items: AsyncIterable<unknown>): Promise<unknown> =>
  all(items).catch((error: unknown) => (error instanceof StreamError ? error.code : error))

/** Compares large values; a failure reports sizes instead of content. */
const expectSame = (found: unknown, wanted: unknown): void => {
  if (found instanceof Uint8Array && wanted instanceof Uint8Array) {
    expect(found.length).toBe(wanted.length)
    expect(Buffer.compare(found, wanted)).toBe(0)
  } else if (typeof found === 'string' && typeof wanted === 'string') {
    expect(found.length).toBe(wanted.length)
    expect(found === wanted).toBe(true)
  } else expect(found).toEqual(wanted)
}

const message = fc.record({
  kind: fc.constantFrom('text', 'bytes', 'request'),
  bytes: fc
    .tuple(
      fc.constantFrom(PART_BYTES, 2 * PART_BYTES, PART_WINDOW_BYTES, 4 * PART_WINDOW_BYTES, 2 ** 20, 3 * 2 ** 20),
      // The frame's envelope takes some bytes too.
      fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -60, max: 2 })),
    )
    .map(([limit, over]) => limit + over),
  seed: fc.integer({ min: 0, max: 5 }),
})
type Message = typeof message extends fc.Arbitrary<infer Value> ? Value : never

const comesWhole = async ({ kind, bytes, seed }: Message): Promise<void> => {
  if (kind === 'request') {
    const text = textOf(bytes, seed)
    expectSame((await all(near.link.open('echo', text)))[0], text)
    return
  }
  const [first, item, last] = await all(near.link.open('message', { kind, bytes, seed }))
  expect([first, last]).toEqual(['first', 'last'])
  expectSame(item, kind === 'text' ? textOf(bytes, seed) : Buffer.alloc(bytes, seed))
}

describe('large messages between machines of today', () => {
  beforeEach(() => connect(PEER_PROTOCOL))

  it('come whole at every size, many at once, past a reader that stands still', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 5 }), async (messages) => {
        const slow = near.link.open('message', { kind: 'text', bytes: 2 ** 21, seed: 1 })
        expect((await slow.next()).value).toBe('first')
        await Promise.all(messages.map(comesWhole))
        expectSame((await slow.next()).value, textOf(2 ** 21, 1))
        expect((await slow.next()).value).toBe('last')
        expect((await slow.next()).done).toBe(true)
        expect([...near.closed, ...far.closed]).toEqual([])
      }),
      { numRuns: 15, interruptAfterTimeLimit: 40_000 },
    )
  }, 90_000)

  it('are refused alone just where they are over the limit, and what is at it comes whole', async () => {
    const envelope = Buffer.byteLength(JSON.stringify({ type: 'open', stream: 1, kind: 'echo', params: '' }))
    const largest = MAX_MESSAGE_BYTES - envelope
    expect(await outcome(near.link.open('echo', 'x'.repeat(largest + 1)))).toBe('too_large')
    const bytes = async (count: number) => outcome(near.link.open('message', { kind: 'bytes', bytes: count, seed: 1 }))
    expect(await bytes(MAX_MESSAGE_BYTES + 1)).toBe('too_large')
    const [, item] = (await bytes(MAX_MESSAGE_BYTES)) as unknown[]
    expect((item as Buffer).length).toBe(MAX_MESSAGE_BYTES)
    const text = { kind: 'text', bytes: MAX_MESSAGE_BYTES + 1, seed: 0 }
    expect(await outcome(near.link.open('message', text))).toBe('too_large')
    expect([...near.closed, ...far.closed]).toEqual([])
  })

  it.each(['request', 'answer'])(
    'let what is said meanwhile pass: a large %s holds up no heartbeat',
    async (which) => {
      const bytes = MAX_MESSAGE_BYTES / 2
      const large =
        which === 'request'
          ? near.link.open('echo', 'x'.repeat(bytes))
          : near.link.open('message', { kind: 'bytes', bytes, seed: 1 })
      const receiving = which === 'request' ? far : near
      const firstPart = new Promise<void>((resolve) =>
        receiving.socket.on('message', (_data, isBinary) => isBinary && resolve()),
      )
      let isThrough = false
      const through = all(large).then(() => (isThrough = true))
      const sending = which === 'request' ? near : far
      await firstPart
      sending.link.send({ type: 'consensus', message: { type: 'handover', term: 1 } })
      await receiving.framed
      expect(isThrough).toBe(false)
      await through
    },
    60_000,
  )

  it('are released when the reader leaves in the middle, and the link goes on', async () => {
    const leave = new AbortController()
    const request = all(near.link.open('echo', 'x'.repeat(MAX_MESSAGE_BYTES / 2), leave.signal))
    const answer = near.link.open('message', { kind: 'bytes', bytes: MAX_MESSAGE_BYTES / 2, seed: 1 }, leave.signal)
    await answer.next()
    const rest = all(answer)
    leave.abort()
    expect(await request).toEqual([])
    expect(await rest).toEqual([])
    for (const { link } of [near, far]) link.retire()
    await expect.poll(() => [...near.closed, ...far.closed], PATIENT).toContain('another link stays')
  })

  it('fail when the link is lost in the middle of them', async () => {
    const request = outcome(near.link.open('echo', 'x'.repeat(MAX_MESSAGE_BYTES / 2)))
    const answer = outcome(near.link.open('message', { kind: 'bytes', bytes: MAX_MESSAGE_BYTES / 2, seed: 1 }))
    far.link.drop()
    expect(await request).toBe('link_lost')
    expect(await answer).toBe('link_lost')
  })
})

describe('large messages to a machine that speaks protocol 1', () => {
  beforeEach(() => connect(1))

  it('go in one frame, and no frame is sent that it does not know', async () => {
    const heard: string[] = []
    far.socket.on('message', (data: Buffer, isBinary) => heard.push(isBinary ? 'bytes' : data.toString().slice(0, 20)))
    const text = 'x'.repeat(2 * PART_WINDOW_BYTES)
    expectSame((await all(near.link.open('echo', text)))[0], text)
    expect(heard).toEqual(['{"type":"open","stre'])
    const over = 'x'.repeat(MAX_PEER_FRAME_BYTES)
    expect(await outcome(near.link.open('echo', over))).toBe('too_large')
    expect([...near.closed, ...far.closed]).toEqual([])
  })
})
