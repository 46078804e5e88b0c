import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Event } from '@core/events/event'
import { ApiKeyId, NodeId, RunnerId } from '@core/ids'
import { MAX_PEER_FRAME_BYTES, PeerFrame, type Hello } from '@core/protocols/peer'
import { Link, SOCKET_OPTIONS, type LinkFrame } from './link'
import { StreamError, type StreamHandler } from './streams'

const hello: Hello = {
  ...{ type: 'hello', protocols: { from: 1, to: 1 }, boot: 'boot', version: '1.0.0', clusterId: 'cluster', port: 0 },
  ...{ addresses: [], probe: { port: 0, key: '' } },
}
const PATIENT = { timeout: 30_000, interval: 10 }

let server: WebSocketServer
let near: End
let far: End
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...SOCKET_OPTIONS })
  await once(server, 'listening')
  const called = once(server, 'connection') as Promise<[WebSocket]>
  const dialled = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, SOCKET_OPTIONS)
  await once(dialled, 'open')
  near = new End(dialled, 'dialled')
  far = new End((await called)[0], 'called')
  await Promise.all([near.link.greeted, far.link.greeted])
})
afterEach(async () => {
  for (const { link } of [near, far]) link.drop()
  await new Promise((resolve) => server.close(resolve))
})

/** One side of a link, and what it received. */
class End {
  readonly frames: LinkFrame[] = []
  readonly told: string[] = []
  /** Called for each frame outside of streams. */
  onFrame: (frame: LinkFrame) => void = () => undefined
  readonly link: Link
  /** Yields one item for each call. */
  next: () => void = () => undefined

  constructor(
    readonly socket: WebSocket,
    side: 'dialled' | 'called',
  ) {
    const wait = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        this.next = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    const flowing: StreamHandler = async function* (_params, signal) {
      for (let count = 0; !signal.aborted; count += 1) {
        yield count
        await wait(signal)
      }
    }
    this.link = new Link({
      ...{ peer: NodeId.parse(side), socket, dialled: side === 'dialled', remoteAddress: '', hello },
      handlers: new Map<string, StreamHandler>([
        ['flowing', flowing],
        [
          'echo',
          async function* (params) {
            yield { length: String(params).length }
          },
        ],
        [
          'text',
          async function* (params) {
            yield 'x'.repeat(Number(params))
          },
        ],
        [
          'bytes',
          async function* (params) {
            yield Buffer.alloc(Number(params))
          },
        ],
      ]),
      onFrame: (frame) => {
        this.frames.push(frame)
        this.onFrame(frame)
      },
      onSilent: () => this.told.push('silent'),
      onHeard: () => this.told.push('heard'),
      onClose: ({ reason }) => this.told.push(`closed: ${reason}`),
    })
  }
}

/** A peer whose process can be stopped: while held, it neither receives nor sends. */
const standIn = async (): Promise<{
  near: End
  hold: () => void
  release: () => void
  say: (frame: PeerFrame) => void
}> => {
  const held: (() => void)[] = []
  let isHeld = false
  const act = (does: () => void): void => void (isHeld ? held.push(does) : does())
  const machines = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false, ...SOCKET_OPTIONS })
  await once(machines, 'listening')
  const said = new Set<WebSocket>()
  const say = (frame: PeerFrame): void => said.forEach((socket) => socket.send(JSON.stringify(frame)))
  machines.on('connection', (socket) => {
    said.add(socket)
    socket.on('ping', (payload) => act(() => socket.pong(payload)))
    socket.on('message', (data: Buffer) =>
      act(() => {
        const frame = PeerFrame.parse(JSON.parse(data.toString()))
        if (frame.type === 'hello') say(hello)
        if (frame.type === 'open') say({ type: 'item', stream: frame.stream, value: frame.params })
      }),
    )
  })
  server.once('close', () => machines.close())
  const socket = new WebSocket(`ws://127.0.0.1:${(machines.address() as AddressInfo).port}`, SOCKET_OPTIONS)
  await once(socket, 'open')
  const near = new End(socket, 'dialled')
  await near.link.greeted
  return {
    near,
    say,
    hold: () => void (isHeld = true),
    release: () => {
      isHeld = false
      for (const does of held.splice(0)) does()
    },
  }
}

describe('a link whose other side stands still for some seconds', () => {
  it('counts as silent, opens nothing new, and goes on with the streams under way', async () => {
    const { near, hold, release, say } = await standIn()
    const flowing = near.link.open('flowing', 1)
    expect((await flowing.next()).value).toBe(1)
    const next = flowing.next()
    hold()
    await expect(near.link.open('flowing', 2).next()).rejects.toMatchObject({ code: 'link_lost' })
    expect(near.told).toEqual(['silent'])
    expect(near.link.isSilent).toBe(true)
    release()
    await expect.poll(() => near.told, PATIENT).toEqual(['silent', 'heard'])
    say({ type: 'item', stream: 1, value: 'more' })
    expect((await next).value).toBe('more')
    near.link.drop()
  })

  it('is lost where that never ends', async () => {
    const { near, hold } = await standIn()
    const flowing = near.link.open('flowing', 1)
    await flowing.next()
    hold()
    await expect(flowing.next()).rejects.toMatchObject({ code: 'link_lost' })
    expect(near.told[0]).toBe('silent')
    await expect.poll(() => near.told, PATIENT).toEqual(['silent', 'closed: '])
  })
})

describe('a link to an older version', () => {
  const records = (event: Event): PeerFrame => ({
    type: 'consensus',
    message: { type: 'records', term: 1, after: 0, log: { sequence: 1, epochs: [] } },
    records: [{ kind: 'decision', sequence: 1, envelope: { v: 1, index: 1, term: 1, at: 1, event } }],
  })
  const apiKeyId = ApiKeyId.parse('k')

  it('brings it what it can read', async () => {
    near.link.send(records({ type: 'ApiKeyRevoked', apiKeyId }))
    await expect.poll(() => far.frames.length, PATIENT).toBe(1)
    expect(far.told).toEqual([])
  })

  it('closes, naming the side to update, instead of sending a record that cannot be read', async () => {
    near.link.send(records({ type: 'ApiKeyUpdated', apiKeyId, changes: { name: 'ci' } }))
    await expect.poll(() => far.told, PATIENT).toEqual([expect.stringMatching(/too old .* update Muster/)])
    expect(far.frames).toEqual([])
  })
})

describe('a link on which something is too large', () => {
  const around = (limit: number) =>
    fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: 200, max: 2 ** 21 })).map((over) => limit + over)

  it('stays open, refuses that message alone, and delivers all others whole', async () => {
    const other = near.link.open('flowing', {})
    expect((await other.next()).value).toBe(0)
    const advance = far.next
    await fc.assert(
      fc.asyncProperty(
        around(MAX_PEER_FRAME_BYTES),
        fc.constantFrom('request', 'text', 'bytes'),
        async (size, where) => {
          const kind = where === 'request' ? 'echo' : where
          const params = where === 'request' ? 'x'.repeat(size) : size
          const answered = near.link.open(kind, params).next()
          const outcome = await answered.then(
            ({ value }) => (value as { length: number }).length,
            (error: unknown) => (error instanceof StreamError ? error.code : error),
          )
          // Near the limit the outcome depends on the overhead of the frame itself.
          if (size + 100 < MAX_PEER_FRAME_BYTES) expect(outcome).toBe(size)
          else if (size > MAX_PEER_FRAME_BYTES) expect(outcome).toBe('too_large')
          else expect([size, 'too_large']).toContain(outcome)
          expect([near.told, far.told]).toEqual([[], []])
        },
      ),
      { numRuns: 8, interruptAfterTimeLimit: 40_000 },
    )
    const next = other.next()
    advance()
    expect((await next).value).toBe(1)
    expect(near.link.isOpen && far.link.isOpen).toBe(true)
  }, 90_000)
})

describe('a link whose other side sends very much', () => {
  it('stays open and delivers all of it in order', async () => {
    const COUNT = 200_000
    const flowing = near.link.open('flowing', {})
    expect((await flowing.next()).value).toBe(0)
    const epochs: number[] = []
    const came = new Promise<void>((resolve) => {
      near.onFrame = (frame) => {
        if (frame.type === 'wake') epochs.push(frame.epoch)
        if (epochs.length === COUNT) resolve()
      }
    })
    for (let epoch = 1; epoch <= COUNT; epoch += 1) {
      far.link.send({ type: 'wake', runnerId: RunnerId.parse('r'), epoch })
      if (epoch % 100 === 0) far.socket.ping()
    }
    const next = flowing.next()
    far.next()
    await came
    expect(epochs.every((epoch, at) => epoch === at + 1)).toBe(true)
    expect((await next).value).toBe(1)
    expect([near.told, far.told].flat().filter((one) => one.startsWith('closed'))).toEqual([])
  }, 90_000)
})

describe('a link of a process that stood still', () => {
  it('ignores consensus messages from before the pause, and takes those from after it', async () => {
    far.socket.pause()
    far.link.send({ type: 'consensus', message: { type: 'handover', term: 1 } })
    near.link.refresh()
    far.socket.resume()
    const said = async (term: number): Promise<void> => {
      far.link.send({ type: 'consensus', message: { type: 'handover', term } })
      await expect
        .poll(() => near.frames, PATIENT)
        .toContainEqual({ type: 'consensus', message: { type: 'handover', term } })
    }
    await near.link.proveAlive(5000)
    await said(2)
    expect(near.frames).toHaveLength(1)
  })
})

describe('a link that was replaced', () => {
  it('finishes the streams under way and is then closed', async () => {
    const flowing = near.link.open('flowing', {})
    await flowing.next()
    for (const { link } of [near, far]) link.retire()
    const idle = [near.told, far.told]
    for (let count = 1; count < 5; count += 1) {
      const next = flowing.next()
      far.next()
      expect((await next).value).toBe(count)
      await near.link.proveAlive(5000)
    }
    expect(idle).toEqual([[], []])
    await flowing.return(undefined)
    await expect.poll(() => near.told, PATIENT).toEqual(['closed: another link stays'])
  })
})
