import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { ContentDelta } from '@core/generation/stream'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { ResponseEvents } from './events'
import { responseOf, type ResponseObject } from './response'
import { ResponseRequest } from './schema'

const usage = { promptTokens: 5, cachedTokens: 1, completionTokens: 2 }

const writer = (kept: ResponseObject[] = []): ResponseEvents => {
  const body = parseWith(ResponseRequest, { model: 'm', input: 'hi' })
  return new ResponseEvents({
    describe: responseOf({ id: 'resp_1', created: 1, model: 'm' }, body),
    custom: new Set(['patch']),
    keep: (response) => kept.push(response),
  })
}

/** Parses a stream with OpenAI's client. Returns its events and the response that it assembles. */
const read = async (sse: string) => {
  const fetch = () => Promise.resolve(new Response(sse, { headers: { 'content-type': 'text/event-stream' } }))
  const stream = new OpenAI({ apiKey: 'none', fetch }).responses.stream({ model: 'm', input: 'hi' })
  const events: { type: string; sequence_number: number }[] = []
  stream.on('event', (event) => events.push(event))
  return { response: await stream.finalResponse(), events }
}

const written = (
  to: ResponseEvents,
  deltas: readonly ContentDelta[][],
  reason: 'stop' | 'toolCalls' | 'length',
): string =>
  to.begin() +
  deltas.map((content) => to.delta({ type: 'delta', tokens: 1, content })).join('') +
  to.finished({ type: 'finished', reason, usage })

describe('a streamed response', () => {
  it('is put together by the official client as it is kept: thoughts, text, calls of functions and custom tools', async () => {
    const kept: ResponseObject[] = []
    const sse = written(
      writer(kept),
      [
        [{ channel: 'reasoning', text: 'H' }],
        [
          { channel: 'reasoning', text: 'm.' },
          { channel: 'text', text: 'I ' },
        ],
        [{ channel: 'text', text: 'look.' }],
        [{ channel: 'toolCall', index: 0, id: 'c1', name: 'look', arguments: '{"a' }],
        [{ channel: 'toolCall', index: 1, id: 'c2', name: 'patch', arguments: '{"input":"*** ' }],
        [{ channel: 'toolCall', index: 0, arguments: 't":1}' }],
        [{ channel: 'toolCall', index: 1, arguments: 'Begin"}' }],
      ],
      'toolCalls',
    )
    const { response, events } = await read(sse)
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index))
    expect(response.status).toBe('completed')
    expect(response.output_text).toBe('I look.')
    expect(response.output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm.' }] },
      { type: 'message', status: 'completed', content: [{ type: 'output_text', text: 'I look.' }] },
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":1}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: '*** Begin' },
    ])
    expect(JSON.parse(JSON.stringify(kept[0]?.output))).toMatchObject(
      response.output.map(({ id, type }) => ({ id, type })),
    )
    expect(response.usage).toMatchObject({ input_tokens: 5, output_tokens: 2, total_tokens: 7 })
  })

  it.each([
    ['stop', 'response.completed'],
    ['length', 'response.incomplete'],
  ] as const)('that ends by %s ends with %s, after the end of each item', async (reason, last) => {
    const { response, events } = await read(written(writer(), [[{ channel: 'text', text: 'Yes' }]], reason))
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      last,
    ])
    expect(response.incomplete_details).toEqual(reason === 'length' ? { reason: 'max_output_tokens' } : null)
  })

  it('that says nothing has an empty text', async () => {
    const { response } = await read(written(writer(), [], 'stop'))
    expect(response.output).toMatchObject([{ type: 'message', content: [{ type: 'output_text', text: '' }] }])
  })

  it('that fails says so and makes the official client throw, and is not kept', async () => {
    const kept: ResponseObject[] = []
    const to = writer(kept)
    const sse =
      to.begin() +
      to.delta({ type: 'delta', tokens: 1, content: [{ channel: 'text', text: 'Y' }] }) +
      to.failed(new Problem(503, 'runner_failed', 'It died'))
    expect(sse).toContain('event: response.failed')
    await expect(read(sse)).rejects.toThrow('It died')
    expect(kept).toEqual([])
  })
})
