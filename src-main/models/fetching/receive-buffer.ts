import type { DiskRoom } from './disk-room'
import type { Piece } from './ledger'
import type { PiecewiseFile } from './piecewise-file'

/**
 * Bytes are written in blocks of this size. Eight connections have a block each, and a block that has left the
 * processor's cache before it is written costs twice the time.
 */
const BLOCK_BYTES = 256 * 1024
/** Written bytes are recorded, and handed to the hash, at least this often, */
const RECORD_BYTES = 2 * 1024 * 1024
/** and at least this often, so that little is lost on a slow line when the process is killed. */
const RECORD_WITHIN_MS = 500

export interface ReceiveBufferOptions {
  readonly content: PiecewiseFile
  /** Consecutive pieces, of which the response has what is missing. */
  readonly pieces: readonly Piece[]
  readonly room: DiskRoom
  /** Bytes that the response has. */
  readonly bytes: number
}

/** Collects the bytes of one response and writes them into the pieces of a file. */
export class ReceiveBuffer {
  private readonly block: Buffer
  private filled = 0
  private unrecorded = 0
  /** Pieces of the unrecorded bytes. */
  private readonly grown = new Set<Piece>()
  private recordedAt = performance.now()

  constructor(private readonly options: ReceiveBufferOptions) {
    // One for the whole response: fresh memory for each part would cost more than receiving it.
    this.block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, options.bytes))
  }

  /** Copies a part; its memory may be used again afterwards. */
  async take(part: Uint8Array): Promise<void> {
    for (let rest = part; rest.length > 0;) {
      const taken = rest.subarray(0, this.block.length - this.filled)
      this.block.set(taken, this.filled)
      this.filled += taken.length
      rest = rest.subarray(taken.length)
      if (this.filled === this.block.length) await this.write()
    }
    if (this.unrecorded >= RECORD_BYTES || performance.now() - this.recordedAt >= RECORD_WITHIN_MS) await this.flush()
  }

  /** Writes and records all that was taken. */
  async flush(): Promise<void> {
    if (this.filled > 0) await this.write()
    if (this.unrecorded === 0) return
    const grown = [...this.grown]
    this.grown.clear()
    ;[this.unrecorded, this.recordedAt] = [0, performance.now()]
    await this.options.content.record(grown)
  }

  private async write(): Promise<void> {
    const { content, pieces, room } = this.options
    let rest = this.block.subarray(0, this.filled)
    this.unrecorded += this.filled
    this.filled = 0
    const written = rest.length
    for (const piece of pieces) {
      const now = rest.subarray(0, piece.to - piece.from - piece.done)
      rest = rest.subarray(now.length)
      if (now.length === 0) continue
      await content.write(piece, now)
      this.grown.add(piece)
    }
    await room.wrote(written)
  }
}
