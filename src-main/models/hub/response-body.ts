import type { Dispatcher } from 'undici'

/** Bytes that wait for their reader before the connection is paused. */
const PAUSE_BYTES = 128 * 1024
/** A body that is dropped is read up to here, so that its connection can be used again. */
const DROP_BYTES = 128 * 1024

/**
 * The bytes of a response, copied from the buffers of its connection into two of its own: one is filled while the other
 * is with the reader.
 */
export class ResponseBody {
  private controller: Dispatcher.DispatchController | undefined
  private filling = Buffer.allocUnsafeSlow(0)
  private lent = Buffer.allocUnsafeSlow(0)
  private filled = 0
  private dropped: number | undefined
  private end: { readonly error?: Error } | undefined
  private wake: () => void = () => undefined

  /** The connection's side: takes its bytes, which are valid during this call only. */
  push(chunk: Buffer, controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.dropped !== undefined) {
      this.dropped += chunk.length
      if (this.dropped > DROP_BYTES) this.leave()
      return
    }
    const needed = this.filled + chunk.length
    if (needed > this.filling.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.filling.length, 2 * PAUSE_BYTES)))
      this.filling.copy(larger, 0, 0, this.filled)
      this.filling = larger
    }
    chunk.copy(this.filling, this.filled)
    this.filled = needed
    if (this.filled >= PAUSE_BYTES) controller.pause()
    this.wake()
  }

  /** The connection's side: no more bytes come. */
  over(error?: Error): void {
    this.end ??= error ? { error } : {}
    this.wake()
  }

  /**
   * Each part is valid until the next one is asked for. Bytes that arrived before an error come before it. Leaving the
   * loop closes the connection.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const part = this.take()
        if (part) yield part
        else if (this.end?.error) throw this.end.error
        else if (this.end) return
        else await new Promise<void>((resolve) => (this.wake = resolve))
      }
    } finally {
      this.leave()
    }
  }

  /** Discards the rest. Resolves when the connection is free, or closed. */
  async drop(): Promise<void> {
    this.dropped = 0
    this.controller?.resume()
    while (!this.end) await new Promise<void>((resolve) => (this.wake = resolve))
  }

  private take(): Uint8Array | undefined {
    if (this.filled === 0) return undefined
    const part = this.filling.subarray(0, this.filled)
    ;[this.filling, this.lent, this.filled] = [this.lent, this.filling, 0]
    this.controller?.resume()
    return part
  }

  private leave(): void {
    if (this.end) return
    this.over()
    this.controller?.abort(new DOMException('The rest of the response is not wanted', 'AbortError'))
  }
}
