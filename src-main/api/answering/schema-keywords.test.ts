import { describe, expect, it } from 'vitest'
import { keywordsNotKept } from './schema-keywords'

describe('of a schema that is kept to as far as a grammar can tell', () => {
  it('the keywords that are not kept to are named, wherever they stand', () => {
    const schema = {
      properties: { tags: { type: 'array', uniqueItems: true }, to: { anyOf: [{ not: {} }, { $ref: '#/$defs/to' }] } },
      $defs: { to: { dependentRequired: {} } },
      uniqueItems: false,
    }
    expect(keywordsNotKept(schema)).toEqual(['uniqueItems', 'not', 'dependentRequired'])
  })

  it.each([
    ['pattern', { pattern: String.raw`^(?!\.)a` }, { pattern: String.raw`^\\(?:a|b)$` }],
    ['pattern', { pattern: String.raw`\bword\b` }, { pattern: String.raw`\\b` }],
    ['patternProperties', { patternProperties: { '(?<=a)b': {} } }, { patternProperties: { '^x-': {} } }],
    ['format', { type: 'string', format: 'color' }, { type: 'string', format: 'date-time' }],
    ['format', { type: 'string', format: 'password' }, { type: 'integer', format: 'int32' }],
    [
      'minProperties',
      { properties: { a: {} }, minProperties: 1 },
      { properties: { a: {} }, required: ['a'], minProperties: 1 },
    ],
  ])('%s is named where no grammar expresses it, and only there', (keyword, odd, plain) => {
    expect([keywordsNotKept(odd), keywordsNotKept(plain)]).toEqual([[keyword], []])
  })

  it('names and values that only look like keywords are not', () => {
    expect(
      keywordsNotKept({ properties: { not: { type: 'string' }, if: { enum: [{ not: 1 }] } }, const: { if: 1 } }),
    ).toEqual([])
  })
})
