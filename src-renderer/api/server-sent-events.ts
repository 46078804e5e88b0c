/** Nothing came for so long that whoever sends must be gone: its keep-alives come far more often. */
export class SilentStreamError extends Error {
  constructor(silenceMs: number) {
    super(`nothing came for ${silenceMs} ms`)
    this.name = 'SilentStreamError'
  }
}

/** A computer that slept finds its connections dead without a word, so silence has to end them. */
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
  /** Its kind, where it says one. */
  readonly event: string | undefined
  /** Where to go on after it, where it says that. */
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

/** The data of each event of a stream, read as `serverSentMessages` does. */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  options: ReadOptions = {},
): AsyncGenerator<string> {
  for await (const { data } of serverSentMessages(body, options)) yield data
}

/**
 * Each event of a stream, comments left out.
 *
 * @param options `silenceMs`: throws SilentStreamError when not even a comment comes for that long; `signal`: ends it
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
    // Leaving early tells the server that nobody reads any more.
    await reader.cancel().catch(() => undefined)
  }
}
