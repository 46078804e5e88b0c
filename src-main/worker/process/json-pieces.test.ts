import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonPieces, PIECE_LENGTH } from './json-pieces'

const long = (text: string, length = 3 * PIECE_LENGTH): string => text.repeat(Math.ceil(length / text.length))
const numbers = Array.from({ length: PIECE_LENGTH }, (_, index) => index)

describe('the pieces of a value’s JSON', () => {
  it.each([
    ['a long string', long('a "quoted" \\ line\n')],
    ['characters of two code units, at every offset of a piece', ['', 'x'].map((first) => first + long('😀'))],
    ['a lone surrogate', long('\ud83d ')],
    ['a long list of numbers', numbers],
    ['long values among short ones', { a: 1, b: [long('b'), 2, { c: long('c') }, [], 3], d: undefined, e: null }],
    ['many members', Object.fromEntries(numbers.slice(0, 1000).map((at) => [`key-${at}`, long('v', 1000)]))],
  ])('are together what is made in one go: %s', (_what, value) => {
    const pieces = [...jsonPieces(value)]
    expect(pieces.join('') === JSON.stringify(value)).toBe(true)
    expect(pieces.length).toBeGreaterThan(1)
    // An escaped character takes up to six.
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(8 * PIECE_LENGTH)
  })

  it('are one for a short value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect([...jsonPieces(value)]).toEqual([JSON.stringify(value)])
      }),
    )
  })
})
