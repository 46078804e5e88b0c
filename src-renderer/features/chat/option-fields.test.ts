import { describe, expect, it } from 'vitest'
import { fieldsOf, readOptions } from './option-fields'

describe('the options of a chat', () => {
  it('are parsed as entered; an empty field means the model’s default', () => {
    const options = { system: 'Be short.', temperature: 0.2, seed: 7, alternatives: true, tools: [{ name: 'clock' }] }
    expect(readOptions(fieldsOf(options), undefined)).toEqual({ options })
    expect(readOptions(fieldsOf({}), false)).toEqual({ options: { thinking: false } })
  })

  it('take tools in OpenAI’s format', () => {
    const tools = '[{"type":"function","function":{"name":"clock","parameters":{"type":"object"}}}]'
    expect(readOptions({ ...fieldsOf({}), tools }, undefined)).toEqual({
      options: { tools: [{ name: 'clock', parameters: { type: 'object' } }] },
    })
  })

  it('say which field is wrong, and how', () => {
    const fields = fieldsOf({})
    expect(readOptions({ ...fields, numbers: { ...fields.numbers, temperature: '5', topK: 'x' } }, undefined)).toEqual({
      problems: { temperature: 'A number from 0.0 to 2', topK: 'A whole number from 0 to 1,000' },
    })
    expect(readOptions({ ...fields, tools: '{' }, undefined)).toEqual({
      problems: { tools: 'This is not JSON. A list of tools begins with [ and ends with ].' },
    })
    expect(readOptions({ ...fields, tools: '[{"name":"a b"}]' }, undefined)).toMatchObject({
      problems: { tools: expect.stringContaining('name') as string },
    })
  })
})
