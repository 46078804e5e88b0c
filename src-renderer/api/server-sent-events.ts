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

const dataOf = (block: string): string =>
  block
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).replace(/^ /, ''))
    .join('\n')

/**
 * The data of each event of a stream, comments left out.
 *
 * @param options `silenceMs`: throws SilentStreamError when not even a comment comes for that long; `signal`: ends it
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  { silenceMs, signal }: { readonly silenceMs?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<string> {
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
        const data = dataOf(block)
        if (data !== '') yield data
      }
    }
  } finally {
    signal?.removeEventListener('abort', end)
    // Leaving early tells the server that nobody reads any more.
    await reader.cancel().catch(() => undefined)
  }
}
