import { MAX_FRAME_BYTES } from '@core/protocols/runner'

const HEADER_BYTES = 4

/** The header of a frame: the byte count of its body. */
export const frameHeader = (bytes: number): Buffer => {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(bytes, 0)
  return header
}

/** Encodes a frame: `uint32` little-endian byte count, then UTF-8 JSON. */
export const encodeFrame = (value: unknown): Buffer => {
  const json = JSON.stringify(value)
  const length = Buffer.byteLength(json)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length)
  frame.writeUInt32LE(length, 0)
  frame.write(json, HEADER_BYTES)
  return frame
}

/** Thrown for an invalid frame from a runner. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Splits a byte stream into frames. Throws FrameError for one that is too large or not JSON. */
export class FrameDecoder {
  private chunks: Buffer[] = []
  private buffered = 0

  /** Returns the values of all frames that are complete with this chunk. */
  push(chunk: Buffer): unknown[] {
    this.chunks.push(chunk)
    this.buffered += chunk.length
    const values: unknown[] = []
    for (;;) {
      const header = this.peek(HEADER_BYTES)
      if (!header) return values
      const length = header.readUInt32LE(0)
      if (length > MAX_FRAME_BYTES)
        throw new FrameError(`the runner sent a frame of ${length} bytes, over the limit of ${MAX_FRAME_BYTES}`)
      const frame = this.peek(HEADER_BYTES + length)
      if (!frame) return values
      this.drop(HEADER_BYTES + length)
      values.push(parsed(frame.subarray(HEADER_BYTES)))
    }
  }

  /** Takes the next bytes as one buffer; undefined until all have arrived. */
  private peek(length: number): Buffer | undefined {
    if (this.buffered < length) return undefined
    const [first] = this.chunks
    // Concatenate only when a frame spans chunks: otherwise a large frame would be copied with every chunk.
    if (first && first.length < length) this.chunks = [Buffer.concat(this.chunks)]
    return this.chunks[0]?.subarray(0, length)
  }

  private drop(length: number): void {
    const [first, ...rest] = this.chunks
    if (!first) return
    this.buffered -= length
    this.chunks = first.length === length ? rest : [first.subarray(length), ...rest]
  }
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new FrameError('the runner sent a frame that is not JSON', { cause })
  }
}
