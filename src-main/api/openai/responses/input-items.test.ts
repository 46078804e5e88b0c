import { describe, expect, it } from 'vitest'
import { Problem } from '../../problem'
import { inputItems, pageOf } from './input-items'

const items = inputItems(['a', 'b', 'c'].map((id) => ({ id, role: 'user', content: id })))
const page = (query: Record<string, string>) => {
  const { data, ...rest } = pageOf(items, query) as { data: { id: string }[] }
  return { ids: data.map(({ id }) => id), ...rest }
}

describe('the input of a response', () => {
  it('is listed as items that each have an id, text in the form of parts', () => {
    expect(inputItems('hi')).toMatchObject([
      {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'hi' }],
        id: expect.stringMatching(/^msg_/),
      },
    ])
    const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
    expect(inputItems([call])).toMatchObject([{ ...call, id: expect.stringMatching(/^fc_/) }])
    expect(inputItems(undefined)).toEqual([])
  })

  it('comes by pages, the newest first unless asked otherwise', () => {
    expect(page({})).toEqual({ ids: ['c', 'b', 'a'], object: 'list', first_id: 'c', last_id: 'a', has_more: false })
    expect(page({ order: 'asc', limit: '2' })).toMatchObject({ ids: ['a', 'b'], has_more: true })
    expect(page({ order: 'asc', after: 'b' })).toMatchObject({ ids: ['c'], has_more: false })
    expect(page({ after: 'a' })).toMatchObject({ ids: [], first_id: null, last_id: null })
  })

  it.each([[{ after: 'z' }], [{ limit: '0' }], [{ order: 'up' }]])('refuses the page %j by name', (query) => {
    expect(() => pageOf(items, query)).toThrow(Problem)
    expect(() => pageOf(items, query)).toThrow(Object.keys(query)[0])
  })
})
