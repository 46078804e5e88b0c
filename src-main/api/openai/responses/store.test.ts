import { describe, expect, it } from 'vitest'
import { ResponseStore, type Kept } from './store'

const kept = (id: string, text = ''): Kept => ({
  response: { id, object: 'response', status: 'completed', output: [] },
  conversation: [{ role: 'user', parts: [{ type: 'text', text }] }],
})

describe('kept responses', () => {
  it('make room by their number: what was not used for longest goes', () => {
    const store = new ResponseStore({ count: 2, size: 10_000 })
    store.put(kept('a'))
    store.put(kept('b'))
    store.get('a')
    store.put(kept('c'))
    expect(['a', 'b', 'c'].filter((id) => store.get(id))).toEqual(['a', 'c'])
  })

  it('make room by their size, also one that is too large by itself', () => {
    const store = new ResponseStore({ count: 9, size: 1000 })
    store.put(kept('a', 'x'.repeat(600)))
    store.put(kept('b', 'x'.repeat(600)))
    expect(['a', 'b'].filter((id) => store.get(id))).toEqual(['b'])
    store.put(kept('c', 'x'.repeat(2000)))
    expect(['a', 'b', 'c'].filter((id) => store.get(id))).toEqual([])
    store.put(kept('d'))
    expect(store.get('d')).toBeDefined()
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
    expect(store.item('msg_1')).toEqual(item)
    store.put(kept('c'))
    expect(['a', 'b'].filter((id) => store.get(id))).toEqual(['a'])
    store.delete('a')
    expect(store.item('msg_1')).toBeUndefined()
  })

  it('are gone once deleted, and leave their room', () => {
    const store = new ResponseStore({ count: 9, size: 1000 })
    store.put(kept('a', 'x'.repeat(600)))
    expect([store.delete('a'), store.delete('a')]).toEqual([true, false])
    store.put(kept('b', 'x'.repeat(600)))
    expect(store.get('b')).toBeDefined()
  })
})
