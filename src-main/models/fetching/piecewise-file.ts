import { constants, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { removeFile } from '../../disk/removal'
import { beginDigest, type Digest, type RunningDigest } from './digest'
import { Ledger, piecesOf, prefixOf, type Piece } from './ledger'

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants

/** Name of the ledger beside a file. */
export const ledgerName = (name: string): string => `.${name}.pieces`
export const isLedger = (name: string): boolean => /^\..*\.pieces$/.test(name)

/** Usually one call. */
const writeAll = async (handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> => {
  for (let at = 0; at < bytes.length;)
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  return bytes.length
}

export interface PiecewiseOptions {
  readonly path: string
  /** Size of the whole file. */
  readonly size: number
  readonly pieceBytes: number
  readonly digest: Digest['kind']
}

/**
 * A file written in pieces, concurrently, and hashed along its contiguous prefix. With a single piece the file's size
 * records the progress; with several, a ledger beside it does. Either can be resumed, whichever source wrote it.
 */
export class PiecewiseFile {
  private running: RunningDigest

  private constructor(
    private readonly options: PiecewiseOptions,
    private readonly handle: FileHandle,
    private readonly ledger: Ledger | undefined,
    readonly pieces: readonly Piece[],
  ) {
    this.running = this.newDigest()
  }

  /** @throws Error if a symbolic link has its name, and errors of the file system */
  static async open(options: PiecewiseOptions): Promise<PiecewiseFile> {
    const { path, size, pieceBytes } = options
    const handle = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
    try {
      const { size: here }: Stats = await handle.stat()
      const pieces = piecesOf(size, pieceBytes, here)
      const ledgerPath = join(dirname(path), ledgerName(basename(path)))
      const ledger = pieces.length > 1 ? await Ledger.open(ledgerPath, pieces, here) : undefined
      return new PiecewiseFile(options, handle, ledger, pieces)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  get downloadedBytes(): number {
    return this.pieces.reduce((sum, { done }) => sum + done, 0)
  }

  get isWhole(): boolean {
    return prefixOf(this.pieces) === this.options.size
  }

  missing(): Piece[] {
    return this.pieces.filter(({ from, to, done }) => done < to - from)
  }

  /** Writes the next bytes of a piece. They count after a restart once `record` has followed. */
  async write(piece: Piece, bytes: Uint8Array): Promise<void> {
    piece.done += await writeAll(this.handle, bytes, piece.from + piece.done)
  }

  /** Notes in the ledger how far these pieces are, and hashes what is whole from the file's start. */
  async record(pieces: readonly Piece[]): Promise<void> {
    for (const piece of pieces) await this.ledger?.keep(piece)
    this.running.upTo(prefixOf(this.pieces))
  }

  /** Discards all bytes and starts over. */
  async restart(): Promise<void> {
    await this.running.stop()
    await this.handle.truncate(0)
    for (const piece of this.pieces) {
      piece.done = 0
      await this.ledger?.keep(piece)
    }
    this.running = this.newDigest()
  }

  /** Hash of the whole file as it is on disk. */
  async hex(signal: AbortSignal): Promise<string> {
    return this.running.hex(signal)
  }

  /** Waits for the disk, so that a power failure cannot leave a model that only looks complete. */
  sync(): Promise<void> {
    return this.handle.sync()
  }

  /** Removes the ledger of a verified and synced file. */
  async settle(): Promise<void> {
    const { path } = this.options
    if (this.ledger) await removeFile(dirname(path), ledgerName(basename(path)))
  }

  async remove(): Promise<void> {
    const { path } = this.options
    if (this.ledger) await removeFile(dirname(path), ledgerName(basename(path)))
    await removeFile(dirname(path), basename(path))
  }

  async close(): Promise<void> {
    await this.running.stop()
    await this.ledger?.close()
    await this.handle.close()
  }

  private newDigest(): RunningDigest {
    const { digest: kind, size } = this.options
    return beginDigest(this.handle, { kind, size })
  }
}
