import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineChanges, withContext, withoutSecrets } from './line-changes'

const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')

describe('the change of a text', () => {
  it('has every line of both, in order', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const changes = lineChanges(text(before), text(after))
        expect(changes.filter(({ kind }) => kind !== 'added').map((line) => line.text)).toEqual(before)
        expect(changes.filter(({ kind }) => kind !== 'removed').map((line) => line.text)).toEqual(after)
      }),
    )
  })

  it('shows only changed lines, with two lines of context', () => {
    const before = text(['1', '2', '3', '4', '5', '6'])
    const changes = withContext(lineChanges(before, text(['1', '2', '3', '4', 'five', '6'])))
    expect(changes.map(({ kind, text: line }) => `${kind} ${line}`)).toEqual([
      'same …',
      'same 3',
      'same 4',
      'removed 5',
      'added five',
      'same 6',
    ])
  })

  it('does not show secrets', () => {
    const shown = withoutSecrets([
      { kind: 'same', text: '  "OPENAI_API_KEY": "sk-123",' },
      { kind: 'added', text: 'apiKey: "mst_abc"' },
      { kind: 'same', text: 'token = abc' },
      { kind: 'same', text: '"model": "chat"' },
    ])
    expect(shown.map((line) => line.text)).toEqual([
      '  "OPENAI_API_KEY": "••••",',
      'apiKey: "••••"',
      'token = ••••',
      '"model": "chat"',
    ])
  })
})
