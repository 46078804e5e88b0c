import { describe, expect, it } from 'vitest'
import type { ContentDelta } from '@core/generation/stream'
import { collectAnswer, type Delta, type Finished } from '../answering/answer'
import { Problem } from '../problem'
import { chatShape, ending, generateShape, toAnswer, type Head, type Shape } from './answer'
import { AnswerLines } from './lines'

const HEAD: Head = { model: 'm:latest', createdAt: '2026-01-01T00:00:00.000Z', elapsed: () => 2000 }
const END: Finished = {
  type: 'finished',
  reason: 'toolCalls',
  usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 10 },
  timings: { firstToken: 0.5, tokensPerSecond: 10 },
}
const delta = (...content: ContentDelta[]): Delta => ({ type: 'delta', content, tokens: 1 })

interface Line {
  readonly message?: { readonly content: string; readonly thinking?: string; readonly tool_calls?: object[] }
  readonly response?: string
  readonly thinking?: string
  readonly done: boolean
}

const lines = (deltas: readonly Delta[], shape: Shape = chatShape): Line[] => {
  const writer = new AnswerLines(HEAD, shape)
  const text = writer.begin() + deltas.map((one) => writer.delta(one)).join('') + writer.finished(END)
  return text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as Line)
}

const DELTAS = [
  delta({ channel: 'reasoning', text: 'hm' }),
  delta({ channel: 'text', text: 'Well' }, { channel: 'text', text: '' }),
  delta({ channel: 'toolCall', index: 0, id: 'a', name: 'f', arguments: '{"x"' }),
  delta(
    { channel: 'toolCall', index: 0, arguments: ':1}' },
    { channel: 'toolCall', index: 1, id: 'b', name: 'g', arguments: '' },
  ),
]
const CALLS = [
  { id: 'a', function: { index: 0, name: 'f', arguments: { x: 1 } } },
  { id: 'b', function: { index: 1, name: 'g', arguments: {} } },
]

describe('the lines of an answer', () => {
  it('have thoughts, words, each call once it is whole, and how long it took in nanoseconds', () => {
    const head = { model: 'm:latest', created_at: HEAD.createdAt }
    expect(lines(DELTAS)).toEqual([
      { ...head, message: { role: 'assistant', content: '', thinking: 'hm' }, done: false },
      { ...head, message: { role: 'assistant', content: 'Well' }, done: false },
      { ...head, message: { role: 'assistant', content: '', tool_calls: [CALLS[0]] }, done: false },
      { ...head, message: { role: 'assistant', content: '', tool_calls: [CALLS[1]] }, done: false },
      {
        ...head,
        message: { role: 'assistant', content: '' },
        done: true,
        done_reason: 'stop',
        total_duration: 2e9,
        load_duration: 0.5e9,
        prompt_eval_count: 9,
        prompt_eval_duration: 0.5e9,
        eval_count: 10,
        eval_duration: 1e9,
      },
    ])
  })

  it('take no longer in their parts than in whole, also for few tokens', () => {
    // Two tokens, half a second from one to the other.
    const timings = { firstToken: 1.5, tokensPerSecond: 2 }
    const usage = { promptTokens: 9, cachedTokens: 0, completionTokens: 2 }
    expect(ending({ type: 'finished', reason: 'stop', usage, timings }, HEAD)).toMatchObject({
      total_duration: 2e9,
      load_duration: 0,
      prompt_eval_duration: 1.5e9,
      eval_duration: 0.5e9,
    })
  })

  it.each([
    ['chat', chatShape],
    ['generate', generateShape],
  ])('of %s say together what the answer says that is not streamed', async (_route, shape) => {
    const deltas = DELTAS.slice(0, 2)
    async function* updates() {
      yield* [...deltas, END]
    }
    const whole = toAnswer(HEAD, shape, await collectAnswer(updates())) as Line
    const all = lines(deltas, shape)
    const joined = (read: (line: Line) => string | undefined): string => all.map((line) => read(line) ?? '').join('')
    expect(joined((line) => line.message?.content ?? line.response)).toBe(whole.message?.content ?? whole.response)
    expect(joined((line) => line.message?.thinking ?? line.thinking)).toBe(whole.message?.thinking ?? whole.thinking)
    expect(all.map(({ done }) => done)).toEqual([...all.slice(1).map(() => false), true])
  })

  it('give the log probability of a token with its text', () => {
    const entry = { token: 'a', logprob: -1, top: [{ token: 'b', logprob: -2 }] }
    const [first] = lines([{ ...delta({ channel: 'text', text: 'a' }), logprobs: [entry] }])
    expect(first).toMatchObject({
      logprobs: [{ token: 'a', logprob: -1, top_logprobs: [{ token: 'b', logprob: -2 }] }],
    })
  })

  it('break a silence with white space between pieces, and end in an error’s text', () => {
    const writer = new AnswerLines(HEAD, chatShape)
    const written =
      writer.heartbeat + writer.heartbeat + writer.delta(delta({ channel: 'text', text: 'Hi' })) + writer.heartbeat
    expect(
      written
        .split('\n')
        .slice(0, -1)
        .map((one): unknown => JSON.parse(one)),
    ).toMatchObject([{ message: { content: 'Hi' }, done: false }])
    const problem = new Problem(503, 'runner_failed', 'It died', { hint: 'Ask again.' })
    expect(writer.failed(problem)).toBe('{"error":"It died. Ask again."}\n')
  })
})
