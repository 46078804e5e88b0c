import { afterEach, describe, expect, it, vi } from 'vitest'
import { serverSentEvents, SilentStreamError } from './server-sent-events'

const encoder = new TextEncoder()

const streamOf = (...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)
      controller.close()
    },
  })

const all = async (body: ReadableStream<Uint8Array>): Promise<string[]> => {
  const found: string[] = []
  for await (const data of serverSentEvents(body)) found.push(data)
  return found
}

describe('server-sent events', () => {
  afterEach(() => vi.useRealTimers())

  it('come whole, however the network cuts them', async () => {
    const bytes = encoder.encode('id: 1:2\ndata: {"text":"über"}\n\ndata: next\n\n')
    const single = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(await all(streamOf(...single))).toEqual(['{"text":"über"}', 'next'])
  })

  it('leave out comments, and join the lines of one event', async () => {
    expect(await all(streamOf(':\n\n: waiting\n\ndata: a\ndata:  b\n\n'))).toEqual(['a\n b'])
  })

  it('may end their lines as Windows does', async () => {
    expect(await all(streamOf('data: a\r', '\n\r\ndata: b\r\n\r\n'))).toEqual(['a', 'b'])
  })

  it('drop an event whose end never came', async () => {
    expect(await all(streamOf('data: whole\n\ndata: half'))).toEqual(['whole'])
  })

  it('tell the sender when nobody reads any more', async () => {
    const cancelled = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode('data: again\n\n')),
      cancel: cancelled,
    })
    for await (const data of serverSentEvents(body)) if (data === 'again') break
    expect(cancelled).toHaveBeenCalledOnce()
  })

  it('end when the sender has been silent for too long', async () => {
    vi.useFakeTimers()
    const events = serverSentEvents(new ReadableStream<Uint8Array>(), { silenceMs: 40_000 })
    const next = expect(events.next()).rejects.toThrow(SilentStreamError)
    await vi.advanceTimersByTimeAsync(40_000)
    await next
  })
})
