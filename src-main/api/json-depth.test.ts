import { describe, expect, it } from 'vitest'
import { ArgumentsText, isTextTooDeep, MAX_DEPTH } from './json-depth'

const lists = (depth: number): unknown => {
  let value: unknown = 1
  for (let at = 0; at < depth; at += 1) value = at % 2 === 0 ? [value] : { value }
  return value
}

describe('JSON that is nested', () => {
  it.each([0, 10, MAX_DEPTH])('%i deep is taken', (depth) => {
    expect(isTextTooDeep(JSON.stringify(lists(depth)))).toBe(false)
  })

  it.each([MAX_DEPTH + 1, 1000, 100_000])('%i deep is not, and takes no stack', (depth) => {
    expect(isTextTooDeep('{"a":'.repeat(depth))).toBe(true)
    expect(ArgumentsText.safeParse('['.repeat(depth)).success).toBe(false)
  })

  it('has no depth by brackets in its strings', () => {
    expect(isTextTooDeep(JSON.stringify({ a: '\\"['.repeat(1000), b: '['.repeat(1000) }))).toBe(false)
    expect(isTextTooDeep(JSON.stringify(Array.from({ length: 1000 }, () => [])))).toBe(false)
  })

  it('is measured whatever the length of its strings, also of one that never ends', () => {
    const long = 'x'.repeat(16 * 1024 * 1024)
    expect(ArgumentsText.safeParse(JSON.stringify({ content: long })).success).toBe(true)
    expect(isTextTooDeep(`{"content":"${long}`)).toBe(false)
    expect(isTextTooDeep(`["${long}\\\\",${'['.repeat(MAX_DEPTH)}`)).toBe(true)
    expect(isTextTooDeep(`["${long}\\",${'['.repeat(MAX_DEPTH)}`)).toBe(false)
  })
})
