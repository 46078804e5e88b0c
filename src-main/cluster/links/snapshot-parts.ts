import type { Message } from '@core/consensus/index'
import type { PeerFrame } from '@core/protocols/peer'

/** Bytes per part, before base64: small enough for other frames to pass between two parts. */
const PART_BYTES = 384 * 1024

type SnapshotPart = Extract<PeerFrame, { type: 'snapshot' }>

/** Splits a snapshot into frames, in order. */
export function* snapshotParts(message: Message, bytes: Buffer): Generator<SnapshotPart> {
  for (let offset = 0; offset < bytes.length; offset += PART_BYTES) {
    const data = bytes.subarray(offset, offset + PART_BYTES).toString('base64')
    yield { type: 'snapshot', message, offset, of: bytes.length, data }
  }
}

/** Assembles one member's snapshot. A part at offset 0 starts over; one that does not follow is ignored. */
export class SnapshotAssembly {
  private parts: Buffer[] = []
  private size = 0

  /** Returns the snapshot once its last part arrived. */
  take({ offset, of, data }: SnapshotPart): Buffer | undefined {
    if (offset === 0) this.clear()
    if (offset !== this.size) return undefined
    const part = Buffer.from(data, 'base64')
    this.parts.push(part)
    this.size += part.length
    if (this.size < of) return undefined
    const whole = Buffer.concat(this.parts)
    this.clear()
    return whole.length === of ? whole : undefined
  }

  private clear(): void {
    this.parts = []
    this.size = 0
  }
}
