import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MAX_HELD_OPEN_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_WATCH_BYTES,
  PART_BYTES,
  PART_WINDOW_BYTES,
  STREAM_WINDOW,
  type PeerFrame,
  type StreamFrame,
} from '@core/protocols/peer'
import { StreamError, Streams, type StreamHandler } from './streams'

/** Two ends of a link without a network: frames arrive a little later, in order. */
const pair = (handlers: Record<string, StreamHandler>) => {
  const sent: PeerFrame[] = []
  const served = new Map(Object.entries(handlers))
  const ends: { near?: Streams; far?: Streams } = {}
  const sender = (other: 'near' | 'far') => ({
    send: (frame: PeerFrame) => sendEncoded(other, Buffer.from(JSON.stringify(frame))),
    sendEncoded: (bytes: Buffer) => sendEncoded(other, bytes),
    cutsParts: () => true,
    sendBytes: (stream: number, bytes: Uint8Array) => {
      queueMicrotask(() => ends[other]?.takeBytes(stream, Buffer.from(bytes)))
      return true
    },
  })
  const sendEncoded = (other: 'near' | 'far', bytes: Buffer): boolean => {
    const frame = JSON.parse(bytes.toString()) as StreamFrame
    sent.push(frame)
    queueMicrotask(() => ends[other]?.take(frame))
    return true
  }
  const near = (ends.near = new Streams(sender('far'), new Map(), { dialled: true }))
  const far = (ends.far = new Streams(sender('near'), served, { dialled: false }))
  return { near, far, sent }
}

const all = async (items: AsyncIterable<unknown>): Promise<unknown[]> => {
  const taken: unknown[] = []
  for await (const item of items) taken.push(item)
  return taken
}

describe('streams over a link', () => {
  it('bring what the other side yields, in order, values and bytes', async () => {
    const { near } = pair({
      letters: async function* (params) {
        yield { asked: params }
        yield Buffer.from('bytes')
        yield 3
      },
    })
    expect(await all(near.open('letters', 'please'))).toEqual([{ asked: 'please' }, Buffer.from('bytes'), 3])
  })

  it('hold back a sender whose reader does not read', async () => {
    let made = 0
    const { near } = pair({
      endless: async function* () {
        for (;;) yield (made += 1)
      },
    })
    const stream = near.open('endless', {})
    await stream.next()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(made).toBeLessThanOrEqual(STREAM_WINDOW + 1)
    for (let count = 0; count < 3 * STREAM_WINDOW; count += 1) await stream.next()
    expect(made).toBeGreaterThan(3 * STREAM_WINDOW)
    await stream.return(undefined)
  })

  it('stop the sender when the reader leaves', async () => {
    let stopped = false
    const { near } = pair({
      endless: async function* (_params, signal) {
        try {
          while (!signal.aborted) {
            yield 1
            await new Promise((resolve) => setTimeout(resolve, 1))
          }
        } finally {
          stopped = true
        }
      },
    })
    for await (const _item of near.open('endless', {})) break
    await expect.poll(() => stopped).toBe(true)
  })

  it('report why the other side failed, and an unknown kind of stream', async () => {
    const { near } = pair({
      broken: async function* () {
        yield 1
        throw new StreamError('no_model', 'It is not here')
      },
    })
    await expect(all(near.open('broken', {}))).rejects.toMatchObject({ code: 'no_model', message: 'It is not here' })
    await expect(all(near.open('other', {}))).rejects.toMatchObject({ code: 'unknown_stream' })
  })

  it('fail when the link is lost, instead of waiting for ever', async () => {
    const { near, far } = pair({
      silent: async function* (_params, signal) {
        yield 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      },
    })
    const stream = near.open('silent', {})
    await stream.next()
    const waiting = stream.next()
    near.close()
    far.close()
    await expect(waiting).rejects.toMatchObject({ code: 'link_lost' })
    await expect(all(near.open('silent', {}))).rejects.toMatchObject({ code: 'link_lost' })
  })

  it('stop sending when the link is lost, whether an item is being made or waits for its reader', async () => {
    const stopped: string[] = []
    const { near, far } = pair({
      making: async function* (_params, signal) {
        yield 1
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        stopped.push('making')
      },
      waiting: async function* () {
        try {
          for (;;) yield 1
        } finally {
          stopped.push('waiting')
        }
      },
    })
    for (const kind of ['making', 'waiting']) await near.open(kind, {}).next()
    expect(stopped).toEqual([])
    far.close()
    await expect.poll(() => stopped).toEqual(expect.arrayContaining(['making', 'waiting']))
  })

  it('end a stream that brings more than was asked for', async () => {
    const { near, sent } = pair({})
    const stream = near.open('flood', {})
    const first = stream.next()
    for (let count = 0; count <= 2 * STREAM_WINDOW; count += 1) near.receive(1, count)
    await first
    await expect(all(stream)).rejects.toMatchObject({ code: 'flooded' })
    expect(sent).toContainEqual({ type: 'cancel', stream: 1 })
  })

  it('end alone when parts break the protocol, and hold no memory for them', async () => {
    const part = Buffer.alloc(PART_BYTES)
    const breaches: Readonly<Record<string, (near: Streams) => void>> = {
      too_large: (near) => near.take({ type: 'parts', stream: 1, of: 'bytes', bytes: MAX_MESSAGE_BYTES + 1 }),
      flooded: (near) => {
        near.take({ type: 'item', stream: 1, value: 'not taken yet' })
        near.take({ type: 'parts', stream: 1, of: 'bytes', bytes: MAX_MESSAGE_BYTES })
        for (let sent = 0; sent <= PART_WINDOW_BYTES; sent += PART_BYTES) near.takeBytes(1, part)
      },
      'invalid part': (near) => {
        near.take({ type: 'parts', stream: 1, of: 'bytes', bytes: 3 * PART_BYTES })
        near.takeBytes(1, part.subarray(1))
      },
      'invalid item between': (near) => {
        near.take({ type: 'parts', stream: 1, of: 'bytes', bytes: 3 * PART_BYTES })
        near.take({ type: 'item', stream: 1, value: 'between' })
      },
      'invalid end': (near) => {
        near.take({ type: 'parts', stream: 1, of: 'bytes', bytes: 3 * PART_BYTES })
        near.take({ type: 'end', stream: 1 })
      },
      'invalid frame': (near) => {
        near.take({ type: 'parts', stream: 1, of: 'frame', bytes: 3 })
        near.takeBytes(1, Buffer.from('{"}'))
      },
      'invalid stream': (near) => {
        const bytes = Buffer.from(JSON.stringify({ type: 'item', stream: 3, value: 'of another' }))
        near.take({ type: 'parts', stream: 1, of: 'frame', bytes: bytes.length })
        near.takeBytes(1, bytes)
      },
    }
    for (const [breach, commit] of Object.entries(breaches)) {
      const { near } = pair({
        silent: (_params, signal) => silence(signal),
        other: async function* () {
          yield 'whole'
        },
      })
      const ended = all(near.open('silent', {})).catch((error: unknown) => error)
      commit(near)
      expect(await ended, breach).toMatchObject({ code: breach.split(' ')[0] })
      expect(await all(near.open('other', {})), breach).toEqual(['whole'])
    }
  })

  it('are refused alone where more large requests are begun at once than a link holds', async () => {
    const { far, sent } = pair({})
    const begun = MAX_HELD_OPEN_BYTES / MAX_MESSAGE_BYTES + 1
    const streams = Array.from({ length: begun }, (_, index) => 2 * index + 1)
    for (const stream of streams) far.take({ type: 'parts', stream, of: 'frame', bytes: MAX_MESSAGE_BYTES })
    const part = Buffer.alloc(PART_BYTES, ' ')
    const refused = (): PeerFrame[] => sent.filter(({ type }) => type === 'end')
    for (let came = PART_BYTES; came < MAX_MESSAGE_BYTES; came += PART_BYTES)
      for (const stream of streams) far.takeBytes(stream, part)
    expect(refused()).toEqual([expect.objectContaining({ error: expect.objectContaining({ code: 'busy' }) })])
    for (const stream of streams) far.take({ type: 'cancel', stream })
    expect(far.isIdle).toBe(true)
  })
})

describe('the largest item of a stream', () => {
  const kinds = fc.constantFrom('watch', 'generate', 'model-file')
  const limitOf = (kind: string): number => (kind === 'watch' ? MAX_WATCH_BYTES : MAX_MESSAGE_BYTES)
  const around = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -(2 ** 20), max: 2 ** 20 }))

  it('is taken up to the limit of its kind, and ends that stream alone beyond it', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, fc.constantFrom('frame', 'bytes'), around, fc.boolean(), async (kind, of, over, swap) => {
        // Close to the limits of the other kinds as well.
        const bytes = over + (swap ? MAX_MESSAGE_BYTES : limitOf(kind))
        const silent: StreamHandler = (_params, signal) => silence(signal)
        const { near, sent } = pair({ [kind]: silent, other: silent })
        const leave = new AbortController()
        const other = all(near.open('other', {}, leave.signal))
        const outcome = all(near.open(kind, {}, leave.signal)).catch((error: unknown) => error)
        near.take({ type: 'parts', stream: 3, of, bytes })
        const refused = sent.filter(({ type }) => type === 'cancel')
        expect(refused).toEqual(bytes > limitOf(kind) ? [{ type: 'cancel', stream: 3 }] : [])
        leave.abort()
        if (bytes > limitOf(kind)) expect(await outcome).toMatchObject({ code: 'too_large' })
        else expect(await outcome).toEqual([])
        expect(await other).toEqual([])
      }),
    )
  })

  it('is sent up to the same limit', async () => {
    const bytes: StreamHandler = async function* (params) {
      yield Buffer.alloc(Number(params))
    }
    const { near } = pair({ watch: bytes, generate: bytes })
    const sizeOf = (kind: string, size: number): Promise<unknown> =>
      all(near.open(kind, size)).then(
        ([item]) => (item as Uint8Array).length,
        (error: unknown) => (error instanceof StreamError ? error.code : error),
      )
    expect(await sizeOf('watch', MAX_MESSAGE_BYTES + 1)).toBe(MAX_MESSAGE_BYTES + 1)
    expect(await sizeOf('generate', MAX_MESSAGE_BYTES + 1)).toBe('too_large')
    expect(await sizeOf('watch', MAX_WATCH_BYTES + 1)).toBe('too_large')
    expect(await sizeOf('generate', 1)).toBe(1)
  })
})

async function* silence(signal: AbortSignal): AsyncGenerator<unknown> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
