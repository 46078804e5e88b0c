import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises'

/** One part of a file, as large as one request asks for. `done` bytes from `from` on are on the disk. */
export interface Piece {
  readonly index: number
  readonly from: number
  /** Exclusive. */
  readonly to: number
  done: number
}

/** Cuts a file into pieces of which the first bytes are there. An empty file is one empty piece. */
export const piecesOf = (size: number, pieceBytes: number, here = 0): Piece[] =>
  Array.from({ length: Math.max(1, Math.ceil(size / pieceBytes)) }, (_, index) => {
    const from = index * pieceBytes
    const to = Math.min(size, from + pieceBytes)
    return { index, from, to, done: Math.min(Math.max(0, here - from), to - from) }
  })

/** Where the bytes end that are there without a hole. */
export const prefixOf = (pieces: readonly Piece[]): number => {
  const open = pieces.find(({ from, to, done }) => done < to - from)
  return open ? open.from + open.done : (pieces.at(-1)?.to ?? 0)
}

/** Each line has this many characters, so that one can be written over in place by one call. */
const LINE = 32

const line = (text: string): string => `${text.padEnd(LINE - 1)}\n`

const headOf = (pieces: readonly Piece[]): string => {
  const [first] = pieces
  return `${pieces.at(-1)?.to ?? 0} ${first ? first.to - first.from : 0}`
}

/**
 * The bytes that are there, by the ledger of a file; undefined where there is none for these pieces. What it claims is
 * taken no further than the data file reaches.
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
 * Bytes of a file that is being fetched in several pieces: those its ledger counts, or undefined without a ledger.
 * For what is counted before a source has said how large the file is.
 */
export const ledgerBytes = async (path: string): Promise<number | undefined> => {
  const text = await readFile(path, 'latin1').catch(() => undefined)
  if (text === undefined) return undefined
  const counts = text.split('\n').slice(1, -1)
  return counts.reduce((sum, one) => sum + (/^\d{1,16} *$/.test(one) ? Number(one) : 0), 0)
}

/**
 * How far each piece of a file is, kept beside it in a small text file. A count is written after its bytes, so a
 * process that is killed loses nothing that it counted. After a power cut a count may be ahead of its bytes: the hash
 * of the whole file finds that.
 */
export class Ledger {
  private constructor(private readonly handle: FileHandle) {}

  /** Opens or begins it, and sets `done` of the pieces as it says. Without one they stay as they are. */
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
