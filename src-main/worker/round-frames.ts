import { MAX_ROUND_BYTES } from '@core/events/side-channel'
import { FrameError } from './frames'

const HEADER_BYTES = 4

/** What a runner gets back for a round: `uint32` little-endian total, then the bytes of every rank in rank order. */
export const encodeRound = (parts: readonly Buffer[]): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0))
  return Buffer.concat([header, ...parts])
}

/** Cuts what a runner writes into the parts it gives to rounds: `uint32` little-endian size, then so many bytes. */
export class RoundDecoder {
  private buffered = Buffer.alloc(0)

  /** The parts that are complete with this chunk. Throws FrameError for one that is too large. */
  push(chunk: Buffer): Buffer[] {
    this.buffered = Buffer.concat([this.buffered, chunk])
    const parts: Buffer[] = []
    while (this.buffered.length >= HEADER_BYTES) {
      const size = this.buffered.readUInt32LE()
      if (size > MAX_ROUND_BYTES)
        throw new FrameError(
          `the runner gave ${size} bytes to one round of RDMA's set-up, over the limit of ${MAX_ROUND_BYTES}`,
        )
      if (this.buffered.length < HEADER_BYTES + size) break
      parts.push(this.buffered.subarray(HEADER_BYTES, HEADER_BYTES + size))
      this.buffered = this.buffered.subarray(HEADER_BYTES + size)
    }
    return parts
  }
}
