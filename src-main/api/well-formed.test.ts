import { describe, expect, it } from 'vitest'
import { wellFormedSteps } from './well-formed'

const wellFormedJson = (text: string): string => {
  const steps = wellFormedSteps(text)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

const read = (text: string): unknown => JSON.parse(wellFormedJson(text)) as unknown

describe('half a surrogate pair in a JSON text', () => {
  it.each([
    [String.raw`"\ud83d"`, '\ufffd'],
    [String.raw`"a\uDE00b"`, 'a\ufffdb'],
    [String.raw`"\ud83d\ud83d\ude00\ude00"`, '\ufffd😀\ufffd'],
    [String.raw`"\ude00\ud83d"`, '\ufffd\ufffd'],
    [String.raw`"\ud83d\n\ude00"`, '\ufffd\n\ufffd'],
  ])('becomes U+FFFD in %s', (text, expected) => {
    expect(read(text)).toBe(expected)
  })

  it('becomes U+FFFD in names and at any depth', () => {
    const depth = 100_000
    const text = '['.repeat(depth) + String.raw`{"\ud83d": "\ude00"}` + ']'.repeat(depth)
    expect(wellFormedJson(text)).toBe('['.repeat(depth) + String.raw`{"\ufffd": "\ufffd"}` + ']'.repeat(depth))
  })

  it('becomes U+FFFD in a long text, in steps between which others get a turn', () => {
    const text = JSON.stringify('😀\ud83d'.repeat(30_000)).replaceAll('😀', String.raw`\ud83d\ude00`)
    expect(read(text)).toBe('😀\ufffd'.repeat(30_000))
    expect([...wellFormedSteps(text)].length).toBeGreaterThan(3)
  })

  it('leaves everything else as it was', () => {
    const texts = [
      String.raw`"\ud83d\ude00 \\ud83d \\\\ud83d \" \u0000 \uffff"`,
      '"😀"',
      '{}',
      '',
      String.raw`"\\`,
      '\\',
    ]
    expect(texts.map(wellFormedJson)).toEqual(texts)
  })

  it('leaves strings that JSON.stringify makes of any code units as their well-formed text', () => {
    // Every sequence of four out of: both halves, a letter, a backslash, a quote.
    const units = ['\ud83d', '\ude00', 'u', '\\', '"']
    const sequences = units.flatMap((a) => units.flatMap((b) => units.flatMap((c) => units.map((d) => a + b + c + d))))
    for (const text of sequences) {
      const expected = Buffer.from(text, 'utf8').toString('utf8')
      expect(read(JSON.stringify({ [text]: text }))).toEqual({ [expected]: expected })
    }
  })
})
