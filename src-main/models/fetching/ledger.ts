import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises'

/** Part of a file that one request fetches. The first `done` bytes from `from` are on disk. */
export interface Piece {
  readonly index: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
  done: number
}

/** Splits a file into pieces whose first `here` bytes are already on disk. An empty file is one empty piece. */
export const piecesOf = (size: number, pieceBytes: number, here = 0): Piece[] =>
  Array.from({ length: Math.max(1, Math.ceil(size / pieceBytes)) }, (_, index) => {
    const from = index * pieceBytes
    const to = Math.min(size, from + pieceBytes)
    return { index, from, to, done: Math.min(Math.max(0, here - from), to - from) }
  })

/** Length of the contiguous prefix on disk. */
export const prefixOf = (pieces: readonly Piece[]): number => {
  const open = pieces.find(({ from, to, done }) => done < to - from)
  return open ? open.from + open.done : (pieces.at(-1)?.to ?? 0)
}

/** Fixed line length, so that one write call can update a line in place. */
const LINE = 32

const line = (text: string): string => `${text.padEnd(LINE - 1)}\n`

const headOf = (pieces: readonly Piece[]): string => {
  const [first] = pieces
  return `${pieces.at(-1)?.to ?? 0} ${first ? first.to - first.from : 0}`
}

/**
 * Reads the bytes done per piece; undefined without a ledger for these pieces. Counts are capped at the data file's
 * size.
 */
const readDone = async (path: string, pieces: readonly Piece[], dataBytes: number): Promise<number[] | undefined> => {
  const text = await readFile(path, 'latin1').catch(() => '')
  const lines = text.split('\n').map((one) => one.trimEnd())
  if (lines[0] !== headOf(pieces) || lines.length !== pieces.length + 2) return undefined
  const counts = lines.slice(1, -1)
  if (!counts.every((one) => /^\d{1,16}$/.test(one))) return undefined
  return pieces.map(({ index, from, to }) => Math.min(Number(counts[index]), to - from, Math.max(0, dataBytes - from)))
}

/**
 * Bytes that a file's ledger counts as done; undefined without a ledger. Used before a source has told the file's size.
 */
export const ledgerBytes = async (path: string): Promise<number | undefined> => {
  const text = await readFile(path, 'latin1').catch(() => undefined)
  if (text === undefined) return undefined
  const counts = text.split('\n').slice(1, -1)
  return counts.reduce((sum, one) => sum + (/^\d{1,16} *$/.test(one) ? Number(one) : 0), 0)
}

/**
 * Progress of each piece of a file, in a small text file beside it. A count is written after its bytes, so a killed
 * process never counts bytes it did not write. After a power failure a count may be ahead of its bytes; the hash of the
 * whole file detects that.
 */
export class Ledger {
  private constructor(private readonly handle: FileHandle) {}

  /** Opens or creates the ledger and sets `done` of the pieces from it; without one they are unchanged. */
  static async open(path: string, pieces: readonly Piece[], dataBytes: number): Promise<Ledger> {
    const done = await readDone(path, pieces, dataBytes)
    if (done) for (const piece of pieces) piece.done = done[piece.index] ?? 0
    const text = line(headOf(pieces)) + pieces.map((piece) => line(String(piece.done))).join('')
    await writeFile(path, text, { mode: 0o600 })
    return new Ledger(await open(path, 'r+'))
  }

  async keep({ index, done }: Piece): Promise<void> {
    await this.handle.write(line(String(done)), (1 + index) * LINE, 'latin1')
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}
