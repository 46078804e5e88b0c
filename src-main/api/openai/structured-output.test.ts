import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Problem } from '../problem'
import { guidedFields, ResponseFormat, toFormat } from './structured-output'

const Body = z.object({ response_format: ResponseFormat.nullish(), ...guidedFields })
const formatOf = (body: object) => toFormat(Body.parse(body))

const schema = { type: 'object', properties: { a: { type: 'integer' } } }
const bySchema = { kind: 'jsonSchema', schema }
const loosely = { ...bySchema, lenient: true }
const regex = (source: string) => ({ kind: 'grammar', syntax: 'regex', source })
const lark = { kind: 'grammar', syntax: 'lark', source: 'start: "a"' }

describe('what an answer is held to', () => {
  it.each([
    [{}, undefined],
    [{ response_format: { type: 'text' }, guided_json: null, structured_outputs: {} }, undefined],
    [{ response_format: { type: 'json_object' } }, { kind: 'json' }],
    [{ response_format: { type: 'json_object', schema } }, loosely],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'n', schema } } }, loosely],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: null } } }, loosely],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } } }, bySchema],
    [{ response_format: { type: 'json_schema', json_schema: { name: 'n' } } }, { kind: 'json' }],
    [{ guided_json: schema }, bySchema],
    [{ guided_regex: '[ab]' }, regex('[ab]')],
    [{ guided_choice: ['yes', 'no (really?)'] }, regex('yes|no \\(really\\?\\)')],
    [{ guided_grammar: lark.source }, lark],
    [{ structured_outputs: { json: schema } }, bySchema],
    [{ structured_outputs: { regex: 'a' } }, regex('a')],
    [{ structured_outputs: { choice: ['1.5', 'a|b'] } }, regex('1\\.5|a\\|b')],
    [{ structured_outputs: { grammar: lark.source, disable_any_whitespace: true } }, lark],
    [{ structured_outputs: { json_object: true } }, { kind: 'json' }],
  ])('%j', (body, format) => {
    expect(formatOf(body)).toEqual(format)
  })

  it('is one thing: two that might differ are refused by name', () => {
    const both = { guided_regex: 'a', structured_outputs: { choice: ['a'] } }
    expect(() => formatOf(both)).toThrow(Problem)
    expect(() => formatOf(both)).toThrow(/guided_regex.*structured_outputs\.choice/)
  })

  it.each([[{ structured_outputs: { structural_tag: '{}' } }], [{ guided_choice: [] }], [{ guided_choice: [''] }]])(
    'cannot be %j',
    (body) => {
      expect(Body.safeParse(body).success).toBe(false)
    },
  )
})
