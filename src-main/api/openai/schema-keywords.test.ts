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

  it('names and values that only look like keywords are not', () => {
    expect(
      keywordsNotKept({ properties: { not: { type: 'string' }, if: { enum: [{ not: 1 }] } }, const: { if: 1 } }),
    ).toEqual([])
  })
})
