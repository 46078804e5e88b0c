import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ContentDelta } from '@core/generation/stream'
import { collectAnswer, toolCallsOf, type Delta } from './answer'
import { mergeDeltas } from './merge-deltas'

const content = fc.array(
  fc.oneof(
    fc.record({ channel: fc.constant('text' as const), text: fc.string() }),
    fc.record({ channel: fc.constant('reasoning' as const), text: fc.string() }),
    fc.record({ channel: fc.constant('toolCall' as const), index: fc.nat(2), arguments: fc.string() }),
  ),
)
const deltas = fc.array(
  content.map((parts): Delta => ({ type: 'delta', content: parts, tokens: 1 })),
  { minLength: 1 },
)

/** What a client can observe: the texts of channels and calls, in the order of their beginnings. */
const meaning = (parts: readonly ContentDelta[]) => ({
  text: parts.map((part) => (part.channel === 'text' ? part.text : '')).join(''),
  reasoning: parts.map((part) => (part.channel === 'reasoning' ? part.text : '')).join(''),
  calls: toolCallsOf(parts),
})

describe('merged deltas', () => {
  it('say what they said one by one, and count the same tokens', () => {
    fc.assert(
      fc.property(deltas, (all) => {
        const merged = all.reduce(mergeDeltas)
        expect(meaning(merged.content)).toEqual(meaning(all.flatMap((delta) => delta.content)))
        expect(merged.tokens).toBe(all.length)
      }),
    )
  })
})

describe('a whole answer', () => {
  it('has each channel and each call by itself', async () => {
    const end = {
      type: 'finished',
      reason: 'toolCalls',
      usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 3 },
    } as const
    async function* updates() {
      yield* [
        { type: 'progress', processed: 1, total: 1 } as const,
        { type: 'delta', content: [{ channel: 'reasoning', text: 'hm' }], tokens: 1 } as Delta,
        {
          type: 'delta',
          content: [{ channel: 'toolCall', index: 0, id: 'a', name: 'f', arguments: '{"x"' }],
          tokens: 1,
        } as Delta,
        { type: 'delta', content: [{ channel: 'toolCall', index: 0, arguments: ':1}' }], tokens: 1 } as Delta,
        end,
      ]
    }
    expect(await collectAnswer(updates())).toEqual({
      text: '',
      reasoning: 'hm',
      toolCalls: [{ id: 'a', name: 'f', arguments: '{"x":1}' }],
      logprobs: undefined,
      end,
    })
  })
})
