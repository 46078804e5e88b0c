import { describe, expect, it } from 'vitest'
import type { AnswerWriter } from '../../answering/stream-answer'
import { Problem } from '../../problem'
import { chunksOf } from './chunks'
import type { CallForm } from './completion'

const head = { id: 'chatcmpl-1', created: 1, model: 'm' }
const usage = { promptTokens: 5, cachedTokens: 1, completionTokens: 2 }

/** Parses the objects of a stream; its terminator stays text. */
const read = (stream: string): unknown[] =>
  stream
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => (event === 'data: [DONE]' ? 'end' : (JSON.parse(event.slice('data: '.length)) as unknown)))

const TOOLS: CallForm = { kind: 'tools', custom: new Set(['patch']) }

const writers = (count: number, callForm: CallForm = TOOLS): AnswerWriter[] =>
  chunksOf(head, { choices: count, includeUsage: true, callForm, reportsProgress: false })

const chunk = (index: number, delta: object, reason: string | null = null): object => ({
  ...head,
  object: 'chat.completion.chunk',
  choices: [{ index, delta, logprobs: null, finish_reason: reason }],
  usage: null,
})

describe('a streamed completion', () => {
  it('tells how much of the prompt is computed, where it is asked to', () => {
    const progress = { type: 'progress', processed: 512, total: 2048 } as const
    const options = { choices: 1, includeUsage: true, callForm: TOOLS }
    const told = (reportsProgress: boolean) =>
      chunksOf(head, { ...options, reportsProgress }).map((writer) => writer.progress?.(progress) ?? '')
    expect(told(false)).toEqual([''])
    expect(read(told(true).join(''))).toEqual([{ ...chunk(0, {}), prompt_progress: { processed: 512, total: 2048 } }])
  })

  it('tells how many requests are ahead, in a comment that clients skip or in a chunk where progress is asked for', () => {
    const options = { choices: 1, includeUsage: true, callForm: TOOLS }
    const told = (reportsProgress: boolean) =>
      chunksOf(head, { ...options, reportsProgress }).map((writer) => writer.queued?.(3) ?? '')
    expect(told(false)).toEqual([': queued, 3 ahead\n\n'])
    expect(read(told(true).join(''))).toEqual([{ ...chunk(0, {}), queue: { ahead: 3 } }])
  })

  it('has thoughts, text and calls in chunks of their own, and its usage last', () => {
    const written = writers(1).map((writer) =>
      [
        writer.begin(),
        writer.delta({
          type: 'delta',
          tokens: 3,
          content: [
            { channel: 'reasoning', text: 'Hm.' },
            { channel: 'text', text: 'Yes.' },
            { channel: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{' },
          ],
        }),
        writer.delta({ type: 'delta', tokens: 1, content: [{ channel: 'toolCall', index: 0, arguments: '}' }] }),
        writer.delta({ type: 'delta', tokens: 1, content: [] }),
        writer.finished({ type: 'finished', reason: 'toolCalls', usage }),
      ].join(''),
    )
    expect(read(written.join(''))).toEqual([
      chunk(0, { role: 'assistant', content: '' }),
      chunk(0, { reasoning_content: 'Hm.' }),
      chunk(0, { content: 'Yes.' }),
      chunk(0, { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }] }),
      chunk(0, { tool_calls: [{ index: 0, function: { arguments: '}' } }] }),
      chunk(0, {}, 'tool_calls'),
      expect.objectContaining({ choices: [], usage: expect.objectContaining({ total_tokens: 7 }) as unknown }),
      'end',
    ])
  })

  it('tells the call of a custom tool as its text, when that is whole', () => {
    const parts = ['{"inp', 'ut":"*** Begin"}']
    const [written = ''] = writers(1).map(
      (writer) =>
        parts
          .map((text, at) => ({
            channel: 'toolCall' as const,
            index: 0,
            ...(at === 0 && { id: 'c', name: 'patch' }),
            arguments: text,
          }))
          .map((call) => writer.delta({ type: 'delta', tokens: 1, content: [call] }))
          .join('') + writer.finished({ type: 'finished', reason: 'toolCalls', usage }),
    )
    const call = { index: 0, id: 'c', type: 'custom', custom: { name: 'patch', input: '*** Begin' } }
    expect(read(written).slice(0, 2)).toEqual([chunk(0, { tool_calls: [call] }), chunk(0, {}, 'tool_calls')])
  })

  it('tells calls as a function call to clients of the older form', () => {
    const [written = ''] = writers(1, { kind: 'function' }).map(
      (writer) =>
        writer.delta({
          type: 'delta',
          tokens: 1,
          content: [{ channel: 'toolCall', index: 0, id: 'c', name: 'f', arguments: '{}' }],
        }) + writer.finished({ type: 'finished', reason: 'toolCalls', usage }),
    )
    expect(read(written).slice(0, 2)).toEqual([
      chunk(0, { function_call: { name: 'f', arguments: '{}' } }),
      chunk(0, {}, 'function_call'),
    ])
  })

  it('ends once, after the last of its choices, and counts the prompt once', () => {
    const ends = writers(3).map((writer) => read(writer.finished({ type: 'finished', reason: 'stop', usage })))
    expect(ends.map((events) => events.length)).toEqual([1, 1, 3])
    expect(ends[2]?.[1]).toMatchObject({ usage: { prompt_tokens: 5, completion_tokens: 6, total_tokens: 11 } })
  })

  it('has an error that official clients throw', () => {
    const [written = ''] = writers(1).map((writer) => writer.failed(new Problem(503, 'runner_failed', 'It died')))
    expect(read(written)).toEqual([
      { error: { message: 'It died', type: 'service_unavailable', param: null, code: 'runner_failed' } },
    ])
  })
})
