import { PART_BYTES, PART_WINDOW_BYTES, type PeerFrame } from '@core/protocols/peer'
import { busy, flooded, invalid, tooLarge } from './stream-error'

/** The header of a message that arrives in parts. */
export type Announced = Pick<Extract<PeerFrame, { type: 'parts' }>, 'of' | 'bytes'>

/** The send window for a stream's parts, in one direction. */
export class SendWindow {
  private bytes = PART_WINDOW_BYTES
  private isClosed = false
  private wake: () => void = () => undefined

  grant(bytes: number): void {
    this.bytes += bytes
    this.wake()
  }

  /** Stops all sending. */
  close(): void {
    this.isClosed = true
    this.wake()
  }

  /** Waits for room in the window and uses it. Returns false if the window was closed. */
  async take(bytes: number): Promise<boolean> {
    while (this.bytes < bytes && !this.isClosed) await new Promise<void>((resolve) => (this.wake = resolve))
    if (this.isClosed) return false
    this.bytes -= bytes
    return true
  }
}

/** Limits the bytes of incomplete messages that a link holds. */
export class ReceiveBudget {
  private held = 0

  constructor(private readonly limitBytes: number) {}

  /** Returns false if the budget does not suffice. */
  take(bytes: number): boolean {
    if (this.held + bytes > this.limitBytes) return false
    this.held += bytes
    return true
  }

  free(bytes: number): void {
    this.held -= bytes
  }
}

/** Assembles the parts of messages on one stream, in one direction. */
export class PartAssembler {
  private message: Announced | undefined
  private parts: Buffer[] = []
  private received = 0
  /** Bytes received that have not been credited to the sender. */
  private uncredited = 0

  constructor(
    private readonly budget: ReceiveBudget,
    private readonly limitBytes: number,
  ) {}

  /** Whether a message is incomplete. */
  get isFilling(): boolean {
    return this.message !== undefined
  }

  /** Starts a message. Throws StreamError if it is refused. */
  begin(message: Announced): void {
    if (this.message) throw invalid('began a message before the previous one was complete')
    if (message.bytes > this.limitBytes) throw tooLarge('What that machine sends', this.limitBytes)
    this.message = message
  }

  /** Returns the message once this was its last part. Throws StreamError for a part that breaks the protocol. */
  take(part: Buffer): { readonly of: Announced['of']; readonly bytes: Buffer } | undefined {
    if (!this.message) throw invalid('sent a part without a message')
    const { of, bytes } = this.message
    if (part.length !== Math.min(PART_BYTES, bytes - this.received)) throw invalid('sent a part of the wrong size')
    if (this.uncredited + part.length > PART_WINDOW_BYTES) throw flooded()
    if (!this.budget.take(part.length)) throw busy()
    this.uncredited += part.length
    this.received += part.length
    this.parts.push(part)
    if (this.received < bytes) return undefined
    const whole = Buffer.concat(this.parts)
    this.close()
    return { of, bytes: whole }
  }

  /** Bytes to credit to the sender for parts received since the last call. */
  settle(): number {
    const bytes = this.uncredited
    this.uncredited = 0
    return bytes
  }

  /** Discards the incomplete message. */
  close(): void {
    this.budget.free(this.received)
    this.message = undefined
    this.parts = []
    this.received = 0
  }
}
