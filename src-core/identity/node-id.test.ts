import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { parseShortNodeId, printNodeId, shortNodeId } from './node-id'

const hash = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
const id = (text: string) => NodeId.parse(text)

describe('the short form of a node id', () => {
  it('is eight characters of the first 40 bits', () => {
    expect(shortNodeId(id('0'.repeat(64)))).toBe('0000-0000')
    expect(shortNodeId(id('f'.repeat(64)))).toBe('ZZZZ-ZZZZ')
    expect(shortNodeId(id(`0000000001${'f'.repeat(54)}`))).toBe('0000-0001')
    expect(shortNodeId(id(`0842100000${'0'.repeat(54)}`))).toBe('1111-0000')
  })

  it('is parsed back from its text, however a person types it', () => {
    fc.assert(
      fc.property(hash, (text) => {
        const short = shortNodeId(id(text))
        expect(short).toBeDefined()
        if (!short) return
        expect(parseShortNodeId(short)).toBe(short)
        expect(parseShortNodeId(` ${short.toLowerCase().replace('-', '')}`)).toBe(short)
        expect(parseShortNodeId(short.replaceAll('0', 'o').replaceAll('1', 'l'))).toBe(short)
      }),
    )
  })

  it('differs if the first 40 bits do', () => {
    fc.assert(
      fc.property(hash, hash, (a, b) => {
        expect(shortNodeId(id(a)) === shortNodeId(id(b))).toBe(a.slice(0, 10) === b.slice(0, 10))
      }),
    )
  })

  it('is not parsed from other text', () => {
    for (const text of ['', 'abc', '9R3K-VE2', '9R3K-VE2TX', '9R3K-VE2!', 'UUUU-UUUU']) {
      expect(parseShortNodeId(text)).toBeUndefined()
    }
  })

  it('leaves an id unchanged that is no key hash', () => {
    expect(shortNodeId(id('studio'))).toBeUndefined()
    expect(printNodeId(id('studio'))).toBe('studio')
  })
})
