import { describe, expect, it } from 'vitest'
import { STREAM_WINDOW, type PeerFrame } from '@core/protocols/peer'
import { StreamError, Streams, type StreamHandler } from './streams'

type StreamFrame = Extract<PeerFrame, { type: 'open' | 'item' | 'credit' | 'end' | 'cancel' }>

/** Two ends of a link without a network: what one sends the other takes a little later, in order. */
const pair = (handlers: Record<string, StreamHandler>) => {
  const sent: PeerFrame[] = []
  const served = new Map(Object.entries(handlers))
  const ends: { near?: Streams; far?: Streams } = {}
  const sender = (other: 'near' | 'far') => ({
    send: (frame: PeerFrame) => {
      sent.push(frame)
      queueMicrotask(() => ends[other]?.take(JSON.parse(JSON.stringify(frame)) as StreamFrame))
      return true
    },
    sendBytes: (stream: number, bytes: Uint8Array) => {
      queueMicrotask(() => ends[other]?.receive(stream, Buffer.from(bytes)))
      return true
    },
  })
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

  it('tell why the other side could not go on, and what it does not know', async () => {
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

  it('stop what they send when the link is lost, whether it is being made or waits for its reader', async () => {
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
})
