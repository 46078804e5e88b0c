import type { Output, Piece } from '../terminal/output'
import { cutTo, measureFor } from './measure'
import { plainLine } from './plain'

/** Prints tables. Own code, because libraries such as `cli-table3` bring borders and colours that are not wanted. */

export interface Column<Row> {
  readonly heading: string
  readonly cell: (row: Row) => Piece
  readonly align?: 'left' | 'right'
  /** May be truncated if the terminal is too narrow. */
  readonly cut?: boolean
  /** Dropped if empty before anything is truncated; if truncation is not enough, from the right. */
  readonly optional?: boolean
}

const GAP = 2
/** Minimum width of a truncated column. */
const LEAST_WIDTH = 8

const textOf = (piece: Piece): string => (typeof piece === 'string' ? piece : piece.text)
const withText = (piece: Piece, text: string): Piece => (typeof piece === 'string' ? text : { ...piece, text })

/**
 * Drops empty optional columns until nothing needs truncation, then other optional ones until the rest can be truncated
 * to fit. If that is not enough, lines wrap.
 */
const kept = <Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  { width, isEmpty }: { readonly width: number; isEmpty(at: number): boolean },
): number[] => {
  let all = columns.map((_, at) => at)
  const least = (at: number): number =>
    columns[at]?.cut ? Math.min(LEAST_WIDTH, natural[at] ?? 0) : (natural[at] ?? 0)
  const isWider = (widthOf: (at: number) => number): boolean =>
    all.reduce((sum, at) => sum + widthOf(at) + GAP, -GAP) > width
  const optional = all.filter((at) => columns[at]?.optional)
  for (const next of optional.filter(isEmpty))
    if (isWider((at) => natural[at] ?? 0)) all = all.filter((at) => at !== next)
  for (const next of optional.filter((at) => !isEmpty(at)).reverse())
    if (isWider(least)) all = all.filter((at) => at !== next)
  return all
}

/** Truncates the widest truncatable column until all fit. */
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
 * Lines of a table with its headings, as pieces to print.
 *
 * @param width of the terminal in columns; undefined: no truncation
 */
export const tableLines = async <Row>(
  rows: readonly Row[],
  given: readonly Column<Row>[],
  width: number | undefined,
): Promise<Piece[][]> => {
  const heading = given.map(({ heading: text }): Piece => ({ text, style: 'dim' }))
  const whole = [heading, ...rows.map((row) => given.map(({ cell }) => cell(row)))].map((line) =>
    line.map((piece) => withText(piece, plainLine(textOf(piece)))),
  )
  const measure = await measureFor(whole.flat().map(textOf))
  const widest = given.map((_, at) => Math.max(...whole.map((line) => measure.widthOf(textOf(line[at] ?? '')))))
  const isEmpty = (at: number): boolean => whole.slice(1).every((line) => textOf(line[at] ?? '') === '')
  const shown = width === undefined ? given.map((_, at) => at) : kept(given, widest, { width, isEmpty })
  const pick = <One>(all: readonly One[]): One[] => all.filter((_, at) => shown.includes(at))
  const [columns, natural, cells] = [pick(given), pick(widest), whole.map(pick)]
  const mayBeCut = columns.map(({ cut }) => cut === true)
  const widths = width === undefined ? natural : fitted(natural, mayBeCut, width)
  return cells.map((line) =>
    line.flatMap((piece, at): Piece[] => {
      const full = widths[at] ?? 0
      const text = cutTo(textOf(piece), full, measure)
      // An ellipsis is one column wide.
      const used = text === textOf(piece) ? measure.widthOf(text) : measure.widthOf(text.slice(0, -1)) + 1
      const padding = ' '.repeat(Math.max(0, full - used))
      const last = at === columns.length - 1
      const gap = last ? '' : ' '.repeat(GAP)
      if (columns[at]?.align === 'right') return [padding, withText(piece, text), gap]
      return [withText(piece, text), last ? '' : padding + gap]
    }),
  )
}

/** Prints a table, truncated to the terminal's width. */
export const printTable = async <Row>(
  out: Output,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Promise<void> => out.lines(await tableLines(rows, columns, out.columns))
