import { describe, expect, it } from 'vitest'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { ResponseRequest } from './schema'
import { ignoredIn, toConversation, toRequest } from './translate'

const parsed = (fields: object): ResponseRequest => parseWith(ResponseRequest, { model: 'm', input: 'hi', ...fields })
const prompt = (fields: object) => {
  const body = parsed(fields)
  return toRequest(body, toConversation(body)).prompt
}
const refusal = (fields: object): string => {
  try {
    prompt(fields)
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}
const text = (said: string) => ({ type: 'text', text: said })
const HI = { role: 'user', parts: [text('hi')] }

describe('the input of a response', () => {
  it.each([
    ['text', 'hi', [HI]],
    ['a message without a type', [{ role: 'user', content: 'hi' }], [HI]],
    [
      'a picture in its place',
      [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'See' },
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'auto' },
          ],
        },
      ],
      [{ role: 'user', parts: [text('See'), { type: 'image', mediaType: 'image/png', data: 'AAAA' }] }],
    ],
    [
      'what the assistant thought, said and called as one turn, then what came of it',
      [
        { type: 'reasoning', id: 'rs_1', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
        { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text: 'I look.' }] },
        { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"at":1}' },
        { type: 'custom_tool_call', call_id: 'c2', name: 'patch', input: '*** Begin' },
        { type: 'function_call_output', call_id: 'c1', output: 'a cat' },
        { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'done' }] },
      ],
      [
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', text: 'Hm.' },
            text('I look.'),
            { type: 'toolCall', id: 'c1', name: 'look', arguments: '{"at":1}' },
            { type: 'toolCall', id: 'c2', name: 'patch', arguments: '{"input":"*** Begin"}' },
          ],
        },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'c1', name: 'look', content: [text('a cat')] }] },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'c2', name: 'patch', content: [text('done')] }] },
      ],
    ],
  ])('may be %s', (_what, input, expected) => {
    expect(toConversation(parsed({ input }))).toEqual(expected)
  })

  it('goes on from an earlier conversation, with its instructions before all of it', () => {
    const body = parsed({ instructions: 'Be kind', input: 'And now?' })
    const before = toConversation(parsed({}))
    expect(toRequest(body, toConversation(body, { before, item: () => undefined })).prompt).toEqual({
      kind: 'chat',
      messages: [{ role: 'system', parts: [text('Be kind')] }, HI, { role: 'user', parts: [text('And now?')] }],
    })
  })
})

describe('a response request', () => {
  it('takes what coding agents send, and names what it ignores of that', () => {
    const body = parsed({
      instructions: 'You are an agent',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
        { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      ],
      tools: [
        { type: 'function', name: 'shell', description: 'Runs', parameters: { type: 'object' }, strict: false },
        {
          type: 'custom',
          name: 'apply_patch',
          description: 'Patches',
          format: { type: 'grammar', definition: 'start: x' },
        },
        { type: 'local_shell' },
        { type: 'web_search' },
      ],
      tool_choice: 'auto',
      parallel_tool_calls: false,
      reasoning: { effort: 'high', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      store: false,
      stream: true,
      prompt_cache_key: 'x',
      text: { verbosity: 'low' },
    })
    expect(ignoredIn(body)).toEqual([
      'tools.custom.format',
      'tools.local_shell',
      'tools.web_search',
      'input.web_search_call',
    ])
    expect(ignoredIn({ ...body, tools: [], input: 'a', truncation: 'auto' })).toEqual(['truncation'])
    expect(toRequest(body, toConversation(body)).prompt).toMatchObject({
      tools: [
        { name: 'shell' },
        { name: 'apply_patch', description: 'Patches\n\nThe input follows this grammar:\nstart: x' },
      ],
      singleToolCall: true,
      reasoning: { enabled: true, effort: 'high' },
    })
  })

  it.each([
    [
      'a format of JSON',
      { text: { format: { type: 'json_schema', name: 'x', schema: { a: 1 } } } },
      { format: { kind: 'jsonSchema', schema: { a: 1 } } },
    ],
    ['a limit', { max_output_tokens: 7 }, { maxTokens: 7 }],
    ['log probabilities', { include: ['message.output_text.logprobs'], top_logprobs: 2 }, { logprobs: 2 }],
  ])('has %s', (_what, fields, expected) => {
    const body = parsed(fields)
    expect(toRequest(body, toConversation(body))).toMatchObject(expected)
  })

  it('has what a kept item says where it refers to one', () => {
    const call = { type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' } as const
    const item = (id: string) => (id === 'fc_1' ? call : undefined)
    const input = [
      { role: 'user', content: 'hi' },
      { type: 'item_reference', id: 'fc_1' },
    ]
    const said = toConversation(parsed({ input: [...input.slice(0, 1), call] }))
    expect(toConversation(parsed({ input }), { before: [], item })).toEqual(said)
  })

  it.each([
    ['nothing to say', { input: [] }, 'input: there is no message with content'],
    [
      'an item of another service’s memory',
      { input: [{ type: 'item_reference', id: 'x' }] },
      'input.0.id: there is no item "x"',
    ],
    ['a function without a name', { tools: [{ type: 'function' }] }, 'name'],
    ['a tool that is not there', { tool_choice: { type: 'function', name: 'f' } }, 'no tool is named "f"'],
    ['work in the background', { background: true }, 'background: not supported'],
    ['a file', { input: [{ role: 'user', content: [{ type: 'input_file' }] }] }, 'only input_text and input_image'],
    ['a conversation that is kept elsewhere', { conversation: 'conv_1' }, 'use previous_response_id'],
  ])('with %s is refused by name', (_what, fields, says) => {
    expect(refusal(fields)).toContain(says)
  })
})
