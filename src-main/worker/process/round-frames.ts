import { MAX_ROUND_BYTES } from '@core/events/side-channel'
import { FrameError } from './frames'

const HEADER_BYTES = 4

/** Encodes the result of a round: `uint32` little-endian total size, then the parts of all ranks in rank order. */
export const encodeRound = (parts: readonly Buffer[]): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0))
  return Buffer.concat([header, ...parts])
}

/** Splits a runner's output into its parts for rounds: `uint32` little-endian size, then as many bytes. */
export class RoundDecoder {
  private buffered = Buffer.alloc(0)

  /** Returns the parts complete with this chunk. Throws FrameError for one that is too large. */
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
