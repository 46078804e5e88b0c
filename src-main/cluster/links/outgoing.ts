import {
  MAX_PEER_FRAME_BYTES,
  PART_BYTES,
  WHOLE_BYTES_ITEM_BYTES,
  type PeerFrame,
  type StreamFrame,
} from '@core/protocols/peer'
import { encodeFrame } from './frame'
import type { Announced, SendWindow } from './parts'
import { tooLarge } from './stream-error'

/** An item of a stream: a JSON value or bytes. */
export type Item = unknown

/** The part of a link that streams use. */
export interface StreamSender {
  /** Returns false, without sending, if the frame exceeds the size limit. */
  send(frame: PeerFrame): boolean
  /** Sends a frame that is already encoded as JSON. */
  sendEncoded(bytes: Buffer): boolean
  sendBytes(stream: number, bytes: Uint8Array): boolean
  /** Whether the peer supports messages in parts. */
  cutsParts(): boolean
}

export interface Sent {
  /** The subject of the refusal's message. */
  readonly what: string
  /** Size limit, for a peer that supports parts. */
  readonly limitBytes: number
  readonly window: SendWindow
}

/** Sends stream messages: whole, or in parts if they are large and the peer supports it. */
export class Outgoing {
  constructor(private readonly sender: StreamSender) {}

  /**
   * Resolves when the frame was sent or its window was closed. The first part is sent synchronously, before this
   * returns. Throws StreamError synchronously if the frame is too large.
   */
  sendFrame(frame: StreamFrame, { what, limitBytes, window }: Sent): Promise<void> {
    const cutsParts = this.sender.cutsParts()
    const limit = cutsParts ? limitBytes : MAX_PEER_FRAME_BYTES
    const bytes = encodeFrame(frame)
    if (bytes === undefined || bytes.length > limit) throw tooLarge(what, limit)
    if (cutsParts && bytes.length > PART_BYTES) return this.sendParts(frame.stream, { of: 'frame', bytes }, window)
    this.sender.sendEncoded(bytes)
    return Promise.resolve()
  }

  /** As `sendFrame`, for an item. */
  sendItem(stream: number, item: Item, sent: Sent): Promise<void> {
    if (!(item instanceof Uint8Array)) return this.sendFrame({ type: 'item', stream, value: item }, sent)
    if (!this.sender.cutsParts() || item.length <= WHOLE_BYTES_ITEM_BYTES) {
      if (!this.sender.sendBytes(stream, item)) throw tooLarge(sent.what, MAX_PEER_FRAME_BYTES)
      return Promise.resolve()
    }
    if (item.length > sent.limitBytes) throw tooLarge(sent.what, sent.limitBytes)
    return this.sendParts(stream, { of: 'bytes', bytes: item }, sent.window)
  }

  private async sendParts(
    stream: number,
    { of, bytes }: { readonly of: Announced['of']; readonly bytes: Uint8Array },
    window: SendWindow,
  ): Promise<void> {
    this.sender.send({ type: 'parts', stream, of, bytes: bytes.length })
    for (let at = 0; at < bytes.length; at += PART_BYTES) {
      const part = bytes.subarray(at, at + PART_BYTES)
      if (!(await window.take(part.length))) return
      this.sender.sendBytes(stream, part)
    }
  }
}
