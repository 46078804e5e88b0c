/** Nothing arrived within the limit, not even a keep-alive: the sender is gone. */
export class SilentStreamError extends Error {
  constructor(silenceMs: number) {
    super(`nothing came for ${silenceMs} ms`)
    this.name = 'SilentStreamError'
  }
}

/** After a computer's sleep, connections can be dead without an error, so silence must end them. */
const readWithin = async (
  reader: ReadableStreamDefaultReader<Uint8Array>,
  silenceMs: number | undefined,
): Promise<ReadableStreamReadResult<Uint8Array>> => {
  if (silenceMs === undefined) return reader.read()
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new SilentStreamError(silenceMs)), silenceMs)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(timer)
  }
}

/** One event of a stream. */
export interface ServerSentMessage {
  /** Event type, if given. */
  readonly event: string | undefined
  /** Position to resume from, if given. */
  readonly id: string | undefined
  readonly data: string
}

const field = (block: string, name: string): string[] =>
  block
    .split('\n')
    .filter((line) => line.startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^ /, ''))

const messageOf = (block: string): ServerSentMessage => ({
  event: field(block, 'event').at(-1),
  id: field(block, 'id').at(-1),
  data: field(block, 'data').join('\n'),
})

interface ReadOptions {
  readonly silenceMs?: number
  readonly signal?: AbortSignal
}

/** Data of each event of a stream, see `serverSentMessages`. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  options: ReadOptions = {},
): AsyncGenerator<string> {
  for await (const { data } of serverSentMessages(body, options)) yield data
}

/**
 * Yields each event of a stream; comments are skipped.
 *
 * @param options `silenceMs`: throws SilentStreamError if nothing arrives, not even a comment, for that long; `signal`:
 * ends the stream
 */
export async function* serverSentMessages(
  body: ReadableStream<Uint8Array>,
  { silenceMs, signal }: ReadOptions = {},
): AsyncGenerator<ServerSentMessage> {
  const reader = body.getReader()
  const end = (): void => void reader.cancel().catch(() => undefined)
  signal?.addEventListener('abort', end)
  const decoder = new TextDecoder()
  let buffered = ''
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, silenceMs)
      if (done) return
      buffered = (buffered + decoder.decode(value, { stream: true })).replace(/\r\n/g, '\n')
      const blocks = buffered.split('\n\n')
      buffered = blocks.pop() ?? ''
      for (const block of blocks) {
        const message = messageOf(block)
        if (message.data !== '') yield message
      }
    }
  } finally {
    signal?.removeEventListener('abort', end)
    // Closes the connection when the consumer leaves early.
    await reader.cancel().catch(() => undefined)
  }
}
