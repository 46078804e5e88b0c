import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ContentDelta } from '@core/generation/stream'
import { collectAnswer, type Delta, type Finished } from '../answering/answer'
import { Problem } from '../problem'
import { MessageEvents } from './events'
import { toMessage } from './message'

const HEAD = { id: 'msg_1', model: 'm' }
const usage = { promptTokens: 9, cachedTokens: 4, completionTokens: 3 }
const end = (more: Partial<Finished> = {}): Finished => ({ type: 'finished', reason: 'stop', usage, ...more })
const delta = (...content: ContentDelta[]): Delta => ({ type: 'delta', content, tokens: 1 })
const said = (text: string): ContentDelta => ({ channel: 'text', text })
const thought = (text: string): ContentDelta => ({ channel: 'reasoning', text })
const call = (index: number, args: string, named?: { id: string; name: string }): ContentDelta => ({
  channel: 'toolCall',
  index,
  arguments: args,
  ...named,
})

interface Event {
  type: string
  index: number
  content_block: Record<string, unknown>
  delta: Record<string, string>
  usage: object
}

const events = (deltas: readonly Delta[], last: Finished): Event[] => {
  const writer = new MessageEvents(HEAD)
  const text = writer.begin() + deltas.map((one) => writer.delta(one)).join('') + writer.finished(last)
  return text
    .split('\n\n')
    .slice(0, -1)
    .map((one) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(one) ?? []
      const event = JSON.parse(data ?? '') as Event
      expect(event.type).toBe(name)
      return event
    })
}

/** Assembles events as Anthropic's client libraries do. */
const assembled = (all: readonly Event[]): unknown[] => {
  const blocks: Record<string, unknown>[] = []
  const open = new Set<number>()
  for (const { type, index, content_block, delta: more } of all) {
    if (type === 'content_block_start') {
      expect([index, open.size]).toEqual([blocks.length, 0])
      open.add(index)
      blocks.push({ ...content_block, ...(content_block['type'] === 'tool_use' && { input: '' }) })
    }
    if (type === 'content_block_stop') expect(open.delete(index)).toBe(true)
    if (type !== 'content_block_delta') continue
    expect(open.has(index)).toBe(true)
    const block = blocks[index] ?? {}
    const { type: _kind, partial_json: input, ...texts } = more
    for (const [field, value] of Object.entries({ ...texts, ...(input !== undefined && { input }) }))
      block[field] = String(block[field] ?? '') + value
  }
  expect(open.size).toBe(0)
  return blocks.map(({ input, ...block }) =>
    typeof input === 'string' ? { ...block, input: JSON.parse(input || '{}') as unknown } : block,
  )
}

describe('the events of a message', () => {
  it('start and stop a block for each stretch of thoughts, text and calls', () => {
    const all = events(
      [
        delta(thought('h')),
        delta(thought('m'), said('Well')),
        delta(call(0, '', { id: 'a', name: 'f' })),
        delta(call(0, '{}')),
      ],
      end({ reason: 'toolCalls' }),
    )
    expect(all.map(({ type, index }) => (index === undefined ? type : `${type} ${index}`))).toEqual([
      'message_start',
      'content_block_start 0',
      'content_block_delta 0',
      'content_block_delta 0',
      'content_block_delta 0',
      'content_block_stop 0',
      'content_block_start 1',
      'content_block_delta 1',
      'content_block_stop 1',
      'content_block_start 2',
      'content_block_delta 2',
      'content_block_stop 2',
      'message_delta',
      'message_stop',
    ])
    expect(all.at(-2)).toMatchObject({
      delta: { stop_reason: 'tool_use' },
      usage: { input_tokens: 5, output_tokens: 3 },
    })
  })

  it('tell the tokens of the prompt at the start, where clients read them', () => {
    const started = (prompt?: { promptTokens: number; cachedTokens: number }): unknown => {
      const [, data] = /^data: (.*)$/m.exec(new MessageEvents(HEAD).begin(prompt)) ?? []
      return JSON.parse(data ?? '') as unknown
    }
    const counts = (input: number, cached: number) => ({
      message: { usage: { input_tokens: input, cache_read_input_tokens: cached, output_tokens: 0 } },
    })
    expect(started({ promptTokens: 9, cachedTokens: 4 })).toMatchObject(counts(5, 4))
    expect(started()).toMatchObject(counts(0, 0))
  })

  it('make the same message as an answer that is not streamed', async () => {
    const args = fc.constantFrom('{}', '{"city":"Paris"}', '{"a":[1,{"b":"ä"}]}')
    const calls = fc.array(args, { maxLength: 3 })
    const word = fc.string({ minLength: 1 })
    const cut = (text: string): string[] => [text.slice(0, 3), text.slice(3)]
    await fc.assert(
      fc.asyncProperty(fc.array(word), fc.array(word), calls, async (thoughts, words, made) => {
        const deltas = [
          ...thoughts.map((one) => delta(thought(one))),
          ...words.map((one) => delta(said(one), said(''))),
          ...made.flatMap((text, index) =>
            cut(text).map((part, at) =>
              delta(call(index, part, at === 0 ? { id: `c${index}`, name: 'f' } : undefined)),
            ),
          ),
        ]
        const last = end({ reason: made.length > 0 ? 'toolCalls' : 'stop' })
        async function* updates() {
          yield* [...deltas, last]
        }
        const whole = toMessage(HEAD, await collectAnswer(updates())) as { content: unknown[] }
        expect(assembled(events(deltas, last))).toEqual(whole.content)
      }),
    )
  })

  it.each([
    [end(), { stop_reason: 'end_turn', stop_sequence: null }],
    [end({ stopSequence: 'END' }), { stop_reason: 'stop_sequence', stop_sequence: 'END' }],
    [end({ reason: 'length' }), { stop_reason: 'max_tokens', stop_sequence: null }],
    [end({ reason: 'cancelled' }), { stop_reason: 'end_turn', stop_sequence: null }],
  ])('end as the answer does: %j', (last, expected) => {
    expect(events([], last).at(-2)?.delta).toEqual(expected)
  })

  it('say an error in Anthropic’s words', () => {
    const text = new MessageEvents(HEAD).failed(new Problem(503, 'runner_failed', 'It died'))
    expect(text).toMatch(
      /^event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error","message":"It died"\}/,
    )
  })
})
