import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plain, plainJson, plainLine } from './plain'

const HOSTILE = '\u001b]52;c;aGk=\u0007\u001b[2J\u009b31mred\u202egnp.exe\u007f\r\nnext\tcolumn'
/** Characters that a terminal or reader could interpret, except line feeds and tabs. */
const DANGEROUS = /[^\P{Cc}\n\t]|\p{Bidi_Control}/u

describe('plain text', () => {
  it('shows control characters instead of sending them, and keeps lines and tabs', () => {
    expect(plain(HOSTILE)).toBe('␛]52;c;aGk=␇␛[2J\ufffd31mred\ufffdgnp.exe␡\nnext\tcolumn')
  })

  it('leaves other text as it is', () => {
    const text = 'Grüße, 你好 👩‍👩‍👧 – “x” ∑\n'
    expect(plain(text)).toBe(text)
  })

  it('puts names and messages into one line', () => {
    expect(plainLine('a\r\nb\tc\u2028d')).toBe('a b c d')
  })

  it('lets nothing dangerous through, however it is cut into pieces', () => {
    const pieces = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' })))
    fc.assert(
      fc.property(pieces, (parts) => {
        expect(parts.map(plain).join('')).not.toMatch(DANGEROUS)
      }),
    )
  })

  it('makes JSON that means the same and has no dangerous character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = plainJson({ text: `${HOSTILE}${text}` })
        expect(json).not.toMatch(DANGEROUS)
        expect(JSON.parse(json)).toEqual({ text: `${HOSTILE}${text}` })
      }),
    )
  })
})
