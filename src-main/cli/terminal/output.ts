import { plain, plainJson } from '../text/plain'

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
    const width = (this.columns ?? 80) - 1
    const cut = [...plain(text).replaceAll(/\s/g, ' ')].slice(0, width).join('')
    this.statusShown = true
    await this.options.write(`${CLEAR_LINE}${this.painted({ text: cut, style: 'dim' })}`)
  }

  /** Prints lines that the next frame replaces, cut to the terminal's height; terminals only. */
  async frame(lines: readonly (readonly Piece[])[]): Promise<void> {
    const shown = lines.slice(0, Math.max(1, (this.options.rows?.() ?? Infinity) - 1))
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
