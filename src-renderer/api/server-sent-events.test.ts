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

  it('are complete, however the network splits them', async () => {
    const bytes = encoder.encode('id: 1:2\ndata: {"text":"über"}\n\ndata: next\n\n')
    const single = [...bytes].map((byte) => Uint8Array.of(byte))
    expect(await all(streamOf(...single))).toEqual(['{"text":"über"}', 'next'])
  })

  it('omit comments, and join the lines of one event', async () => {
    expect(await all(streamOf(':\n\n: waiting\n\ndata: a\ndata:  b\n\n'))).toEqual(['a\n b'])
  })

  it('may have the line ends of Windows', async () => {
    expect(await all(streamOf('data: a\r', '\n\r\ndata: b\r\n\r\n'))).toEqual(['a', 'b'])
  })

  it('omit an event without an end', async () => {
    expect(await all(streamOf('data: whole\n\ndata: half'))).toEqual(['whole'])
  })

  it('cancel the stream when the reader stops', async () => {
    const cancelled = vi.fn()
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode('data: again\n\n')),
      cancel: cancelled,
    })
    for await (const data of serverSentEvents(body)) if (data === 'again') break
    expect(cancelled).toHaveBeenCalledOnce()
  })

  it('end after too long a silence', async () => {
    vi.useFakeTimers()
    const events = serverSentEvents(new ReadableStream<Uint8Array>(), { silenceMs: 40_000 })
    const next = expect(events.next()).rejects.toThrow(SilentStreamError)
    await vi.advanceTimersByTimeAsync(40_000)
    await next
  })
})
