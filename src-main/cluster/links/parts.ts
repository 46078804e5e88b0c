import { PART_BYTES, PART_WINDOW_BYTES, type PeerFrame } from '@core/protocols/peer'
import { busy, flooded, invalid, tooLarge } from './stream-error'

/** A message that comes in parts. */
export type Announced = Pick<Extract<PeerFrame, { type: 'parts' }>, 'of' | 'bytes'>

/** What may still be sent of a stream's parts, in one direction. */
export class Room {
  private bytes = PART_WINDOW_BYTES
  private isClosed = false
  private wake: () => void = () => undefined

  grant(bytes: number): void {
    this.bytes += bytes
    this.wake()
  }

  /** Nothing more is to be sent. */
  close(): void {
    this.isClosed = true
    this.wake()
  }

  /** Resolves when there is room for so many bytes, which are used then; false when nothing more is to be sent. */
  async take(bytes: number): Promise<boolean> {
    while (this.bytes < bytes && !this.isClosed) await new Promise<void>((resolve) => (this.wake = resolve))
    if (this.isClosed) return false
    this.bytes -= bytes
    return true
  }
}

/** What a link holds of messages that are not whole yet. */
export class Memory {
  private held = 0

  constructor(private readonly limitBytes: number) {}

  /** False where there is not so much left. */
  take(bytes: number): boolean {
    if (this.held + bytes > this.limitBytes) return false
    this.held += bytes
    return true
  }

  free(bytes: number): void {
    this.held -= bytes
  }
}

/** Puts together what comes in parts on one stream, in one direction. */
export class Inlet {
  private message: Announced | undefined
  private parts: Buffer[] = []
  private came = 0
  /** Bytes that came since the other side was last told that it may send more. */
  private unsettled = 0

  constructor(
    private readonly memory: Memory,
    private readonly limitBytes: number,
  ) {}

  /** In the middle of a message. */
  get isFilling(): boolean {
    return this.message !== undefined
  }

  /** Throws StreamError where it will not be taken. */
  begin(message: Announced): void {
    if (this.message) throw invalid('began a message in the middle of another')
    if (message.bytes > this.limitBytes) throw tooLarge('What that machine sends', this.limitBytes)
    this.message = message
  }

  /** The message, when this was its last part. Throws StreamError for a part that is none, or too much. */
  take(part: Buffer): { readonly of: Announced['of']; readonly bytes: Buffer } | undefined {
    if (!this.message) throw invalid('sent a part of nothing')
    const { of, bytes } = this.message
    if (part.length !== Math.min(PART_BYTES, bytes - this.came)) throw invalid('sent a part of another size')
    if (this.unsettled + part.length > PART_WINDOW_BYTES) throw flooded()
    if (!this.memory.take(part.length)) throw busy()
    this.unsettled += part.length
    this.came += part.length
    this.parts.push(part)
    if (this.came < bytes) return undefined
    const whole = Buffer.concat(this.parts)
    this.close()
    return { of, bytes: whole }
  }

  /** How many bytes the other side may send anew for those that came. */
  settle(): number {
    const bytes = this.unsettled
    this.unsettled = 0
    return bytes
  }

  /** Lets go of what came of a message. */
  close(): void {
    this.memory.free(this.came)
    this.message = undefined
    this.parts = []
    this.came = 0
  }
}
