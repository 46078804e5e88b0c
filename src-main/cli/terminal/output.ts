import { cutTo, measureFor } from '../text/measure'
import { plain, plainJson, plainLine } from '../text/plain'

export type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green'
export interface Styled {
  readonly text: string
  readonly style: Style
}
/** Text with an optional style. */
export type Piece = string | Styled

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
}
const CLEAR_LINE = '\r\u001b[K'
const REST_OF_LINE = '\u001b[K'
const REST_OF_SCREEN = '\u001b[J'

const textOf = (piece: Piece): string => (typeof piece === 'string' ? piece : piece.text)

/** Cuts a line to a width: one that wraps takes more rows than are counted when it is replaced. */
const withinWidth = async (line: readonly Piece[], width: number): Promise<readonly Piece[]> => {
  const pieces = line.map((piece) => {
    const text = plainLine(textOf(piece))
    return { text, with: (kept: string): Piece => (typeof piece === 'string' ? kept : { ...piece, text: kept }) }
  })
  const measure = await measureFor(pieces.map(({ text }) => text))
  const whole = pieces.map(({ text }) => text).join('')
  if (measure.widthOf(whole) <= width) return pieces.map((piece) => piece.with(piece.text))
  let rest = cutTo(whole, width, measure)
  return pieces.map((piece) => {
    // The ellipsis belongs to the piece that was cut.
    const own = rest.startsWith(piece.text) ? piece.text : rest
    rest = rest.slice(own.length)
    return piece.with(own)
  })
}

export interface OutputOptions {
  /** Resolves when the stream has accepted the text. */
  write(text: string): Promise<void>
  readonly isTerminal: boolean
  readonly colour: boolean
  /** Width in columns; undefined if it is not a terminal. */
  readonly columns: () => number | undefined
  /** Height in lines; absent: unlimited. */
  readonly rows?: () => number
}

/**
 * Standard output or standard error. Only this class writes escape sequences; all text passes `plain`, so nothing from
 * a model or a node reaches the terminal raw.
 */
export class Output {
  private statusShown = false
  private frameLines = 0

  constructor(private readonly options: OutputOptions) {}

  get isTerminal(): boolean {
    return this.options.isTerminal
  }

  get columns(): number | undefined {
    return this.options.columns()
  }

  /** Prints pieces without a line break. */
  async print(...pieces: readonly Piece[]): Promise<void> {
    await this.options.write(this.withoutStatus() + pieces.map((piece) => this.painted(piece)).join(''))
  }

  async line(...pieces: readonly Piece[]): Promise<void> {
    await this.print(...pieces, '\n')
  }

  async lines(lines: readonly (readonly Piece[])[]): Promise<void> {
    await this.print(...lines.flatMap((pieces) => [...pieces, '\n']))
  }

  /** Prints one JSON document on one line. */
  async json(value: unknown): Promise<void> {
    await this.options.write(`${this.withoutStatus()}${plainJson(value)}\n`)
  }

  /** Prints a line that the next one replaces; terminals only. */
  async status(text: string): Promise<void> {
    if (!this.isTerminal) return
    const [cut = ''] = await withinWidth([{ text, style: 'dim' }], (this.columns ?? 80) - 1)
    this.statusShown = true
    await this.options.write(`${CLEAR_LINE}${this.painted(cut)}`)
  }

  /** Prints lines that the next frame replaces, cut to the terminal's height and width; terminals only. */
  async frame(lines: readonly (readonly Piece[])[]): Promise<void> {
    const { columns = Infinity } = this
    const height = Math.max(1, (this.options.rows?.() ?? Infinity) - 1)
    const shown = await Promise.all(lines.slice(0, height).map((pieces) => withinWidth(pieces, columns)))
    const text = shown.map((pieces) => `${pieces.map((piece) => this.painted(piece)).join('')}${REST_OF_LINE}\n`)
    const up = this.frameLines === 0 ? '' : `\u001b[${this.frameLines}A\r`
    this.frameLines = shown.length
    await this.options.write(`${this.withoutStatus()}${up}${text.join('')}${REST_OF_SCREEN}`)
  }

  /** Removes the status line. */
  async clearStatus(): Promise<void> {
    const clear = this.withoutStatus()
    if (clear !== '') await this.options.write(clear)
  }

  private withoutStatus(): string {
    const clear = this.statusShown ? CLEAR_LINE : ''
    this.statusShown = false
    return clear
  }

  private painted(piece: Piece): string {
    if (typeof piece === 'string') return plain(piece)
    const text = plain(piece.text)
    if (!this.options.colour || text === '') return text
    const [on, off] = CODES[piece.style]
    return `\u001b[${on}m${text}\u001b[${off}m`
  }
}

/** Colours only on a terminal, and not if NO_COLOR is set (https://no-color.org) or TERM is dumb. */
export const mayColour = (isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean =>
  isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'

/** Wraps a stream of this process. */
export const outputTo = (
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Output =>
  new Output({
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()))
      }),
    isTerminal: stream.isTTY,
    colour: mayColour(stream.isTTY, env),
    columns: () => (stream.isTTY ? stream.columns || undefined : undefined),
    // A terminal that does not know its height says 0.
    ...(stream.isTTY && { rows: () => stream.rows || Infinity }),
  })
