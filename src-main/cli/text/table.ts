import type { Output, Piece } from '../terminal/output'
import { plainLine } from './plain'

/**
 * Tables of text in columns. Own code, because what `cli-table3` and its like bring (borders, spans, colours of their
 * own) is not wanted; how wide characters are on a terminal is left to `string-width`, which is loaded where there are
 * others than ASCII, for that takes 30 ms.
 */

export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => Piece
  readonly align?: 'left' | 'right'
  /** May be cut where the terminal is too narrow. */
  readonly cut?: boolean
}

/** How text is measured in columns of a terminal. */
export interface Measure {
  widthOf(text: string): number
  /** What a reader takes for one character. */
  charactersOf(text: string): readonly string[]
}

const GAP = 2
/** What a column that is cut keeps. */
const LEAST_WIDTH = 8
const ELLIPSIS = '…'

const textOf = (piece: Piece): string => (typeof piece === 'string' ? piece : piece.text)
const withText = (piece: Piece, text: string): Piece => (typeof piece === 'string' ? text : { ...piece, text })

const ASCII: Measure = { widthOf: ({ length }) => length, charactersOf: (text) => [...text] }

/** What measures these texts. */
export const measureFor = async (texts: readonly string[]): Promise<Measure> =>
  texts.every((text) => /^[ -~]*$/.test(text)) ? ASCII : (await import('./unicode-width')).UNICODE

/** The beginning of a text that is at most `width` columns wide, with an ellipsis where something is missing. */
export const cutTo = (text: string, width: number, { widthOf, charactersOf }: Measure): string => {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of charactersOf(text)) {
    used += widthOf(character)
    if (used > width - ELLIPSIS.length) break
    kept += character
  }
  return `${kept}${ELLIPSIS}`
}

/** Takes from the widest column that may be cut until all fit. */
const fitted = (natural: readonly number[], mayBeCut: readonly boolean[], width: number): number[] => {
  const widths = [...natural]
  const over = (): number => widths.reduce((sum, each) => sum + each + GAP, -GAP) - width
  for (let excess = over(); excess > 0; excess = over()) {
    const candidates = widths.map((each, at) => (mayBeCut[at] && each > LEAST_WIDTH ? each : 0))
    const widest = Math.max(...candidates)
    if (widest === 0) break
    const second = Math.max(LEAST_WIDTH, ...candidates.filter((each) => each < widest))
    widths[candidates.indexOf(widest)] = Math.max(second, widest - excess, LEAST_WIDTH)
  }
  return widths
}

/**
 * Lines of a table, headings first, each as pieces to print.
 *
 * @param width of the terminal in columns; undefined cuts nothing
 */
export const tableLines = async <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width: number | undefined,
): Promise<Piece[][]> => {
  const heading = columns.map(({ heading: text }): Piece => ({ text, style: 'dim' }))
  const cells = [heading, ...rows.map((row) => columns.map(({ cell }) => cell(row)))].map((line) =>
    line.map((piece) => withText(piece, plainLine(textOf(piece)))),
  )
  const measure = await measureFor(cells.flat().map(textOf))
  const natural = columns.map((_, at) => Math.max(...cells.map((line) => measure.widthOf(textOf(line[at] ?? '')))))
  const mayBeCut = columns.map(({ cut }) => cut === true)
  const widths = width === undefined ? natural : fitted(natural, mayBeCut, width)
  return cells.map((line) =>
    line.flatMap((piece, at): Piece[] => {
      const full = widths[at] ?? 0
      const text = cutTo(textOf(piece), full, measure)
      // An ellipsis is as wide as it is long.
      const used = text === textOf(piece) ? measure.widthOf(text) : measure.widthOf(text.slice(0, -1)) + 1
      const padding = ' '.repeat(Math.max(0, full - used))
      const last = at === columns.length - 1
      const gap = last ? '' : ' '.repeat(GAP)
      if (columns[at]?.align === 'right') return [padding, withText(piece, text), gap]
      return [withText(piece, text), last ? '' : padding + gap]
    }),
  )
}

/** Prints a table, as wide as the terminal at most. */
export const printTable = async <Row>(
  out: Output,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Promise<void> => out.lines(await tableLines(rows, columns, out.columns))
