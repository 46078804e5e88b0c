import { describe, expect, it } from 'vitest'
import { checkSize } from './request-size'

const turns = (count: number, content: unknown = 'hi') =>
  Array.from({ length: count }, () => ({ role: 'user', content }))

describe('a request', () => {
  it.each([
    [{ messages: turns(10_001) }, 'messages: 10001 messages, and the limit is 10000'],
    [{ input: turns(300_000) }, 'input: 300000 items, and the limit is 10000'],
    [
      {
        messages: turns(
          3,
          Array.from({ length: 7000 }, () => ({})),
        ),
      },
      'messages: 21000 parts in all',
    ],
    [{ tools: turns(2001) }, 'tools: 2001 tools, and the limit is 2000'],
  ])('with more than anybody needs is refused by name', (body, message) => {
    expect(() => checkSize(body)).toThrow(message)
  })

  it.each([{ messages: turns(10_000) }, { input: 'x'.repeat(1_000_000) }, { messages: 7 }, null, 'text', {}])(
    'of another size or kind is not',
    (body) => expect(() => checkSize(body)).not.toThrow(),
  )
})
