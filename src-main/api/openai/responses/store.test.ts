import { describe, expect, it } from 'vitest'
import { ApiKeyId } from '@core/ids'
import { ResponseStore, type Kept } from './store'

const kept = (id: string, text = '', owner?: ApiKeyId): Kept => ({
  owner,
  input: [],
  response: { id, object: 'response', status: 'completed', output: [] },
  conversation: [{ role: 'user', parts: [{ type: 'text', text }] }],
})

describe('kept responses', () => {
  it('make room by their number: what was not used for longest goes', () => {
    const store = new ResponseStore({ count: 2, size: 10_000 })
    store.put(kept('a'))
    store.put(kept('b'))
    store.get('a', undefined)
    store.put(kept('c'))
    expect(['a', 'b', 'c'].filter((id) => store.get(id, undefined))).toEqual(['a', 'c'])
  })

  it('make room by their size, also one that is too large by itself', () => {
    const store = new ResponseStore({ count: 9, size: 1000 })
    store.put(kept('a', 'x'.repeat(600)))
    store.put(kept('b', 'x'.repeat(600)))
    expect(['a', 'b'].filter((id) => store.get(id, undefined))).toEqual(['b'])
    store.put(kept('c', 'x'.repeat(2000)))
    expect(['a', 'b', 'c'].filter((id) => store.get(id, undefined))).toEqual([])
    store.put(kept('d'))
    expect(store.get('d', undefined)).toBeDefined()
  })

  it('give the items that they put out, and are in use by it, until they go', () => {
    const item = {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Yes.', annotations: [], logprobs: [] }],
    } as const
    const store = new ResponseStore({ count: 2, size: 10_000 })
    store.put({ ...kept('a'), response: { ...kept('a').response, output: [{ ...item, content: [...item.content] }] } })
    store.put(kept('b'))
    expect(store.item('msg_1', undefined)).toEqual(item)
    store.put(kept('c'))
    expect(['a', 'b'].filter((id) => store.get(id, undefined))).toEqual(['a'])
    store.delete('a')
    expect(store.item('msg_1', undefined)).toBeUndefined()
  })

  it('are gone once deleted, and leave their room', () => {
    const store = new ResponseStore({ count: 9, size: 1000 })
    store.put(kept('a', 'x'.repeat(600)))
    expect([store.delete('a'), store.delete('a')]).toEqual([true, false])
    store.put(kept('b', 'x'.repeat(600)))
    expect(store.get('b', undefined)).toBeDefined()
  })

  it('are there for the key that they came by, and for whoever needs none', () => {
    const [mine, another] = [ApiKeyId.parse('mine'), ApiKeyId.parse('another')]
    const store = new ResponseStore()
    store.put(kept('a', '', mine))
    store.put(kept('b'))
    const seen = [mine, another, undefined].map((asker) => ['a', 'b'].filter((id) => store.get(id, asker)))
    expect(seen).toEqual([['a'], [], ['a', 'b']])
  })
})
