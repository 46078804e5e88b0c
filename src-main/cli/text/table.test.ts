import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import type { Piece } from '../terminal/output'
import { UNICODE } from './unicode-width'
import { cutTo } from './measure'
import { tableLines, type Column } from './table'

interface Row {
  readonly name: string
  readonly size: string
  readonly state: string
}

const COLUMNS: readonly Column<Row>[] = [
  { heading: 'NAME', cell: ({ name }) => name, cut: true },
  { heading: 'SIZE', cell: ({ size }) => size, align: 'right' },
  { heading: 'STATE', cell: ({ state }) => ({ text: state, style: 'green' }), cut: true },
]
const LONG = { name: 'mlx-community/Qwen3-Coder-480B-A35B-Instruct-4bit', size: '270 GB', state: 'READY' }

const text = (lines: readonly (readonly Piece[])[]): string[] =>
  lines.map((pieces) => pieces.map((piece) => (typeof piece === 'string' ? piece : piece.text)).join(''))

describe('tables', () => {
  it('align their columns, figures to the right', async () => {
    const rows = [
      { name: 'chat', size: '8 GB', state: 'READY' },
      { name: '翻訳', size: '12 GB', state: 'PAUSED' },
    ]
    expect(text(await tableLines(rows, COLUMNS, undefined))).toEqual([
      'NAME   SIZE  STATE',
      'chat   8 GB  READY',
      '翻訳  12 GB  PAUSED',
    ])
  })

  it('fit the terminal by cutting what may be cut, the widest first', async () => {
    for (const width of [80, 60, 40, 30]) {
      const lines = text(await tableLines([LONG], COLUMNS, width))
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(width)
      expect(lines[1]).toContain('270 GB')
      expect(lines[1]).toContain('READY')
    }
  })

  it('leave out what is not needed where cutting is not enough, empty columns first', async () => {
    const rows = [{ name: 'studio', size: '192.0 GB', state: '' }]
    const columns: readonly Column<Row>[] = [
      { heading: 'NAME', cell: ({ name }) => name, cut: true },
      { heading: 'PROBLEM', cell: ({ state }) => state, optional: true },
      { heading: 'SIZE', cell: ({ size }) => size, optional: true },
      { heading: 'AGAIN', cell: ({ size }) => size, optional: true },
    ]
    const headings = async (width: number) =>
      text(await tableLines(rows, columns, width))[0]
        ?.trim()
        .split(/\s+/)
    expect(await headings(40)).toEqual(['NAME', 'PROBLEM', 'SIZE', 'AGAIN'])
    // Before anything is cut.
    expect(await headings(34)).toEqual(['NAME', 'SIZE', 'AGAIN'])
    expect(text(await tableLines(rows, columns, 34))[1]).toContain('studio')
    expect(await headings(30)).toEqual(['NAME', 'SIZE', 'AGAIN'])
    expect(await headings(20)).toEqual(['NAME', 'SIZE'])
    expect(await headings(10)).toEqual(['NAME'])
  })

  it('cut nothing where there is no terminal', async () => {
    expect(text(await tableLines([LONG], COLUMNS, undefined))[1]).toContain(LONG.name)
  })

  it('keep a row in one line whatever is in its cells', async () => {
    const [, row] = text(await tableLines([{ ...LONG, state: 'a\nb\r\n\u001b[2Jc' }], COLUMNS, undefined))
    expect(row).toMatch(/a b ␛\[2Jc$/)
  })

  it('cut between characters, not within them', () => {
    expect(cutTo('翻訳翻訳', 5, UNICODE)).toBe('翻訳…')
    expect(cutTo('👩‍👩‍👧👩‍👩‍👧', 3, UNICODE)).toBe('👩‍👩‍👧…')
    expect(cutTo('whole', 5, UNICODE)).toBe('whole')
  })
})
