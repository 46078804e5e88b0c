import {
  MAX_HELD_ITEM_BYTES,
  MAX_HELD_OPEN_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_WATCH_BYTES,
  STREAM_WINDOW,
  type StreamFrame,
} from '@core/protocols/peer'
import { parseFrame } from './frame'
import { Outgoing, type Item, type StreamSender } from './outgoing'
import { PartAssembler, ReceiveBudget, SendWindow, type Announced } from './parts'
import { flooded, invalid, lost, StreamError } from './stream-error'

export { StreamError } from './stream-error'
export type { Item } from './outgoing'

/** Serves a stream that the other side opens. Throws StreamError for requests it cannot serve. */
export type StreamHandler = (params: unknown, signal: AbortSignal) => AsyncIterable<Item>

interface Receiving {
  readonly items: Item[]
  taken: number
  /** Whether anything has arrived. */
  answered: boolean
  done: boolean
  error: StreamError | undefined
  wake: () => void
  /** Send window for the parts of the `open` frame. */
  readonly window: SendWindow
  /** Assembles the parts of items. */
  readonly assembler: PartAssembler
}

interface Sending {
  credit: number
  readonly stop: AbortController
  wake: () => void
  /** Send window for the parts of items. */
  readonly window: SendWindow
}

/** Limit of an error message, in characters. */
const LONGEST_MESSAGE = 10_000

/** Credits are returned in batches, to save a frame per item. */
const CREDIT_BATCH = STREAM_WINDOW / 4

/** Size limit of an item, in bytes. */
const largestItem = (kind: string): number => (kind === 'watch' ? MAX_WATCH_BYTES : MAX_MESSAGE_BYTES)

/** Multiplexes streams over one link, each with its own flow control. */
export class Streams {
  private readonly receiving = new Map<number, Receiving>()
  private readonly sending = new Map<number, Sending>()
  /** `open` frames whose parts have not all arrived. */
  private readonly opening = new Map<number, PartAssembler>()
  private readonly openBudget = new ReceiveBudget(MAX_HELD_OPEN_BYTES)
  private readonly itemBudget = new ReceiveBudget(MAX_HELD_ITEM_BYTES)
  private readonly outgoing: Outgoing
  private next: number
  private closed = false

  constructor(
    private readonly sender: StreamSender,
    private readonly handlers: ReadonlyMap<string, StreamHandler>,
    /** The side that dialled uses odd stream ids, the other one even ids. */
    { dialled }: { readonly dialled: boolean },
  ) {
    this.next = dialled ? 1 : 2
    this.outgoing = new Outgoing(sender)
  }

  /** Yields items until the other side ends the stream. Breaking the loop, or the signal, cancels it. Throws StreamError. */
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
      window: new SendWindow(),
      assembler: new PartAssembler(this.itemBudget, largestItem(kind)),
    }
    const stop = (): void => {
      state.done = true
      state.window.close()
      state.wake()
    }
    signal?.addEventListener('abort', stop, { once: true })
    try {
      const open = { type: 'open', stream, kind, params } as const
      const sent = this.outgoing.sendFrame(open, {
        what: 'The request',
        limitBytes: MAX_MESSAGE_BYTES,
        window: state.window,
      })
      // Registered only now: if sending throws, the other side has not heard of the stream and needs no `cancel`.
      this.receiving.set(stream, state)
      await sent
      for (;;) {
        while (state.items.length > 0) {
          const item = state.items.shift()
          if (++state.taken % CREDIT_BATCH === 0) this.sender.send({ type: 'credit', stream, count: CREDIT_BATCH })
          if (state.items.length === 0) this.grant(stream, state.assembler)
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
      state.assembler.close()
      if (this.receiving.delete(stream) && !this.closed) this.sender.send({ type: 'cancel', stream })
    }
  }

  /** Handles a stream frame. */
  take(frame: StreamFrame): void {
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
        else if (state.assembler.isFilling) state.error = invalid('ended in the middle of a message')
        state.done = true
        state.assembler.close()
        state.window.close()
        state.wake()
        return
      }
      case 'cancel':
        this.sending.get(frame.stream)?.stop.abort()
        this.dropOpening(frame.stream)
        return
      case 'parts':
        this.announce(frame.stream, frame)
        return
      case 'room':
        ;(this.receiving.get(frame.stream) ?? this.sending.get(frame.stream))?.window.grant(frame.bytes)
        return
    }
  }

  /** Handles a binary message: an item, or a part of a larger message. */
  takeBytes(stream: number, bytes: Buffer): void {
    const state = this.receiving.get(stream)
    const opening = this.opening.get(stream)
    if (opening) this.fillOpening(stream, opening, bytes)
    else if (state?.assembler.isFilling) this.fillItem(stream, state, bytes)
    else this.receive(stream, bytes)
  }

  /** Handles an item. */
  receive(stream: number, item: Item): void {
    const state = this.receiving.get(stream)
    if (!state) return
    if (state.assembler.isFilling)
      return this.fail(stream, state, invalid('began a message before the previous one was complete'))
    if (state.items.length >= STREAM_WINDOW) return this.fail(stream, state, flooded())
    state.items.push(item)
    state.answered = true
    state.wake()
  }

  /** Whether no stream is open in either direction. */
  get isIdle(): boolean {
    return this.receiving.size === 0 && this.sending.size === 0 && this.opening.size === 0
  }

  /** The peer is silent: fail streams without an answer yet, so that they can be retried elsewhere; keep the others. */
  failUnanswered(): void {
    for (const [stream, state] of this.receiving) {
      if (!state.answered) this.fail(stream, state, lost())
    }
  }

  /** The link is gone: reading fails, sending stops. */
  close(): void {
    this.closed = true
    for (const state of this.receiving.values()) {
      state.error = lost()
      state.assembler.close()
      state.window.close()
      state.wake()
    }
    this.receiving.clear()
    for (const { stop } of this.sending.values()) stop.abort()
    this.sending.clear()
    for (const stream of this.opening.keys()) this.dropOpening(stream)
  }

  /** Announces a message in parts: an item of a stream opened here, or an `open` of the other side. */
  private announce(stream: number, message: Announced): void {
    const state = this.receiving.get(stream)
    if (state) {
      attempt(
        () => state.assembler.begin(message),
        (error) => this.fail(stream, state, error),
      )
      return
    }
    const isOwn = stream % 2 === this.next % 2
    if (isOwn || this.sending.has(stream) || this.opening.has(stream)) return
    const assembler = new PartAssembler(this.openBudget, MAX_MESSAGE_BYTES)
    this.opening.set(stream, assembler)
    attempt(
      () => assembler.begin(message),
      (error) => this.refuse(stream, error),
    )
  }

  private fillItem(stream: number, state: Receiving, part: Buffer): void {
    state.answered = true
    attempt(
      () => {
        const message = state.assembler.take(part)
        if (message) this.receive(stream, message.of === 'bytes' ? message.bytes : decodeItem(message.bytes, stream))
        else if (state.items.length === 0) this.grant(stream, state.assembler)
      },
      (error) => this.fail(stream, state, error),
    )
  }

  private fillOpening(stream: number, assembler: PartAssembler, part: Buffer): void {
    attempt(
      () => {
        const message = assembler.take(part)
        if (!message) return this.grant(stream, assembler)
        const frame = parseFrame(message.bytes)
        if (typeof frame === 'string' || frame.type !== 'open' || frame.stream !== stream)
          throw invalid('sent a request that cannot be parsed')
        this.dropOpening(stream)
        void this.serve(frame)
      },
      (error) => this.refuse(stream, error),
    )
  }

  /** Returns credit for the parts received. */
  private grant(stream: number, assembler: PartAssembler): void {
    const bytes = assembler.settle()
    if (bytes > 0) this.sender.send({ type: 'room', stream, bytes })
  }

  /** Ends a stream opened here. Later frames of it are ignored. */
  private fail(stream: number, state: Receiving, error: StreamError): void {
    state.error = error
    state.assembler.close()
    state.window.close()
    this.receiving.delete(stream)
    this.sender.send({ type: 'cancel', stream })
    state.wake()
  }

  /** Ends a stream of the other side whose `open` is incomplete. */
  private refuse(stream: number, { code, message }: StreamError): void {
    this.dropOpening(stream)
    this.sender.send({ type: 'end', stream, error: { code, message } })
  }

  private dropOpening(stream: number): void {
    this.opening.get(stream)?.close()
    this.opening.delete(stream)
  }

  private async serve({ stream, kind, params }: Extract<StreamFrame, { type: 'open' }>): Promise<void> {
    if (this.sending.has(stream)) return
    const window = new SendWindow()
    const state: Sending = { credit: STREAM_WINDOW, stop: new AbortController(), wake: () => undefined, window }
    this.sending.set(stream, state)
    const { signal } = state.stop
    const stopped = (): void => {
      state.wake()
      window.close()
    }
    signal.addEventListener('abort', stopped, { once: true })
    let error: { code: string; message: string } | undefined
    try {
      const handler = this.handlers.get(kind)
      if (!handler) throw new StreamError('unknown_stream', `This version of Muster does not know "${kind}"`)
      for await (const item of handler(params, signal)) {
        while (state.credit === 0 && !signal.aborted) await new Promise<void>((resolve) => (state.wake = resolve))
        if (signal.aborted) break
        state.credit -= 1
        await this.outgoing.sendItem(stream, item, { what: 'The answer', limitBytes: largestItem(kind), window })
        if (signal.aborted) break
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

/** Runs `work`, handing a StreamError to `onStreamError`: a protocol violation ends its stream, not the link. */
const attempt = (work: () => void, onStreamError: (error: StreamError) => void): void => {
  try {
    work()
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    onStreamError(error)
  }
}

/** Decodes an item that arrived in parts. Throws StreamError. */
const decodeItem = (bytes: Buffer, stream: number): Item => {
  const frame = parseFrame(bytes)
  if (typeof frame === 'string' || frame.type !== 'item' || frame.stream !== stream)
    throw invalid('sent an answer that cannot be parsed')
  return frame.value
}
