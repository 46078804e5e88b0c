import { describe, expect, it } from 'vitest'
import { MAX_DEPTH } from './json-depth'
import { scanJson } from './json-scan'
import { Problem } from './problem'

/** Message and field of the refusal, or how often scanning an accepted body yielded to other work. */
const scanned = (text: string): readonly [string, unknown] | number => {
  try {
    return [...scanJson(text)].length
  } catch (error) {
    if (error instanceof Problem) return [error.message, error.more.param]
    throw error
  }
}

const list = (length: number, entry: unknown): string =>
  JSON.stringify({ model: 'm', messages: Array.from({ length }, () => entry), stream: true })

describe('a body, before it is parsed,', () => {
  it.each([
    [list(300_000, { role: 'user', content: 'hi' }), 'messages: too large, as a body may have at most 100000 objects'],
    [list(600_000, 1), 'messages: too large, as a body may have at most 500000 values'],
    [`{"messages":[],"odd field":[${'[],'.repeat(200_000)}`, 'The body: too large'],
    [`{"a":{"b":[${'{},'.repeat(200_000)}`, 'a: too large'],
    ['['.repeat(MAX_DEPTH + 1), 'The body has more than 200'],
    ['{"a":'.repeat(100_000), 'The body has more than 200'],
  ])('is refused for what costs most to parse: case %#', (text, message) => {
    const refusal = scanned(text)
    expect(refusal).toEqual([
      expect.stringContaining(message),
      message.includes(': too') ? /^\w+(?=:)/.exec(message)?.[0] : undefined,
    ])
  })

  it.each([
    list(10_000, { role: 'user', content: [{ type: 'text', text: '[{,"' }] }),
    list(300_000, 7),
    JSON.stringify({ a: '[{,"\\'.repeat(500_000) }),
    JSON.stringify({ a: '\\'.repeat(1001), b: '\\"'.repeat(1001) }),
    '['.repeat(MAX_DEPTH) + ']'.repeat(MAX_DEPTH),
    '{"a": "never closed',
    'no JSON, or {"',
    '',
  ])('is taken otherwise, whatever its strings hold: case %#', (text) => {
    expect(scanned(text)).toBeTypeOf('number')
  })

  it('is looked at in steps, between which others get a turn', () => {
    expect(scanned(JSON.stringify({ a: '"'.repeat(2_000_000) }))).toBeGreaterThan(5)
    expect(scanned(' '.repeat(2_000_000))).toBeGreaterThan(5)
    expect(scanned(JSON.stringify({ a: 'x'.repeat(30_000_000) }))).toBe(0)
  })
})
