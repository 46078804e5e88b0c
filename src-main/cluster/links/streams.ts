import { MAX_PEER_FRAME_BYTES, STREAM_WINDOW, type PeerFrame } from '@core/protocols/peer'

/** An item of a stream: anything JSON can say, or bytes. */
export type Item = unknown

/** A stream that the other side ended with an error, or that was lost with its link. */
export class StreamError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
    this.name = 'StreamError'
  }
}

/** What the streams need of a link. */
export interface StreamSender {
  /** False: it is larger than a frame may be, and nothing was sent. */
  send(frame: PeerFrame): boolean
  sendBytes(stream: number, bytes: Uint8Array): boolean
}

/** Answers a stream that the other side opens. Throws StreamError for what it cannot serve. */
export type StreamHandler = (params: unknown, signal: AbortSignal) => AsyncIterable<Item>

interface Receiving {
  readonly items: Item[]
  taken: number
  /** Anything has come. */
  answered: boolean
  done: boolean
  error: StreamError | undefined
  wake: () => void
}

interface Sending {
  credit: number
  readonly stop: AbortController
  wake: () => void
}

/** Of an error, in characters. */
const LONGEST_MESSAGE = 10_000

/** Items are taken off in lots, so that not every one of them costs a frame of its own. */
const CREDIT_LOT = STREAM_WINDOW / 4

const tooLarge = (what: string): StreamError =>
  new StreamError(
    'too_large',
    `${what} is larger than what machines send one another at once (${MAX_PEER_FRAME_BYTES / 2 ** 20} MiB)`,
  )

const lost = (): StreamError => new StreamError('link_lost', 'The connection to that machine was lost')

/** Many streams over one link, each held back by its own reader. */
export class Streams {
  private readonly receiving = new Map<number, Receiving>()
  private readonly sending = new Map<number, Sending>()
  private next: number
  private closed = false

  constructor(
    private readonly sender: StreamSender,
    private readonly handlers: ReadonlyMap<string, StreamHandler>,
    /** The two sides number theirs apart. */
    { dialled }: { readonly dialled: boolean },
  ) {
    this.next = dialled ? 1 : 2
  }

  /** Items until the other side ends them. Throws StreamError. Leaving the loop, or the signal, ends the stream there. */
  async *open(kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    if (this.closed) throw lost()
    if (signal?.aborted) return
    const stream = this.next
    this.next += 2
    const state: Receiving = {
      items: [],
      taken: 0,
      answered: false,
      done: false,
      error: undefined,
      wake: () => undefined,
    }
    if (!this.sender.send({ type: 'open', stream, kind, params })) throw tooLarge('The request')
    this.receiving.set(stream, state)
    const stop = (): void => {
      state.done = true
      state.wake()
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for (;;) {
        while (state.items.length > 0) {
          const item = state.items.shift()
          if (++state.taken % CREDIT_LOT === 0) this.sender.send({ type: 'credit', stream, count: CREDIT_LOT })
          yield item
        }
        if (state.error) throw state.error
        if (state.done) return
        await new Promise<void>((resolve) => {
          state.wake = resolve
        })
      }
    } finally {
      signal?.removeEventListener('abort', stop)
      if (this.receiving.delete(stream) && !this.closed) this.sender.send({ type: 'cancel', stream })
    }
  }

  /** A stream's frame has come. */
  take(frame: Extract<PeerFrame, { type: 'open' | 'item' | 'credit' | 'end' | 'cancel' }>): void {
    switch (frame.type) {
      case 'open':
        void this.serve(frame)
        return
      case 'item':
        this.receive(frame.stream, frame.value)
        return
      case 'credit': {
        const state = this.sending.get(frame.stream)
        if (!state) return
        state.credit += frame.count
        state.wake()
        return
      }
      case 'end': {
        const state = this.receiving.get(frame.stream)
        if (!state) return
        this.receiving.delete(frame.stream)
        if (frame.error) state.error = new StreamError(frame.error.code, frame.error.message)
        state.done = true
        state.wake()
        return
      }
      case 'cancel':
        this.sending.get(frame.stream)?.stop.abort()
        return
    }
  }

  /** Bytes of a stream have come. */
  receive(stream: number, item: Item): void {
    const state = this.receiving.get(stream)
    if (!state) return
    if (state.items.length >= STREAM_WINDOW) {
      // It does not keep to what it may send: whatever it is, it is not believed any further.
      state.error = new StreamError('flooded', 'That machine sent more than it was asked for')
      this.receiving.delete(stream)
      this.sender.send({ type: 'cancel', stream })
    } else state.items.push(item)
    state.answered = true
    state.wake()
  }

  /** No stream is under way in either direction. */
  get isIdle(): boolean {
    return this.receiving.size === 0 && this.sending.size === 0
  }

  /** The other side is silent: what it has not begun to answer may be asked elsewhere. What flows is waited for. */
  failUnanswered(): void {
    for (const [stream, state] of this.receiving) {
      if (state.answered) continue
      state.error = lost()
      this.receiving.delete(stream)
      this.sender.send({ type: 'cancel', stream })
      state.wake()
    }
  }

  /** The link is gone: what was being read fails, what was being sent stops. */
  close(): void {
    this.closed = true
    for (const state of this.receiving.values()) {
      state.error = lost()
      state.wake()
    }
    this.receiving.clear()
    for (const { stop } of this.sending.values()) stop.abort()
    this.sending.clear()
  }

  private async serve({ stream, kind, params }: Extract<PeerFrame, { type: 'open' }>): Promise<void> {
    if (this.sending.has(stream)) return
    const state: Sending = { credit: STREAM_WINDOW, stop: new AbortController(), wake: () => undefined }
    this.sending.set(stream, state)
    const { signal } = state.stop
    signal.addEventListener('abort', () => state.wake(), { once: true })
    let error: { code: string; message: string } | undefined
    try {
      const handler = this.handlers.get(kind)
      if (!handler) throw new StreamError('unknown_stream', `This version of Muster does not know "${kind}"`)
      for await (const item of handler(params, signal)) {
        while (state.credit === 0 && !signal.aborted) await new Promise<void>((resolve) => (state.wake = resolve))
        if (signal.aborted) break
        state.credit -= 1
        const isSent =
          item instanceof Uint8Array
            ? this.sender.sendBytes(stream, item)
            : this.sender.send({ type: 'item', stream, value: item })
        if (!isSent) throw tooLarge('The answer')
      }
    } catch (cause) {
      error =
        cause instanceof StreamError
          ? { code: cause.code, message: cause.message }
          : {
              code: 'failed',
              message: (cause instanceof Error ? cause.message : String(cause)).slice(0, LONGEST_MESSAGE),
            }
    }
    this.sending.delete(stream)
    if (!this.closed) this.sender.send({ type: 'end', stream, ...(error && { error }) })
  }
}
