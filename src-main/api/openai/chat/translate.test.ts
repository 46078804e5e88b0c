import { describe, expect, it } from 'vitest'
import { parseWith } from '../../body'
import { ChatCompletionRequest } from './schema'
import { ignoredTools, toRequest } from './translate'

const parsed = (fields: object): ChatCompletionRequest =>
  parseWith(ChatCompletionRequest, { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields })
const request = (fields: object) => toRequest(parsed(fields))
const prompt = (fields: object) => request(fields).prompt
const messages = (given: readonly object[]): unknown => {
  const made = prompt({ messages: given })
  return made.kind === 'chat' ? made.messages : made
}

const text = (said: string) => ({ type: 'text', text: said })
const weather = { name: 'weather', description: 'Tells it', parameters: { type: 'object' } }
const clock = { name: 'clock' }
const tools = [
  { type: 'function', function: weather },
  { type: 'function', function: clock },
]
const HI = { kind: 'chat', messages: [{ role: 'user', parts: [text('hi')] }] }

describe('a conversation', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } }
  const part = { type: 'toolCall', id: 'c1', name: 'weather', arguments: '{"city":"Paris"}' }

  it.each([
    [
      'a developer as the system',
      [{ role: 'developer', content: 'Be kind' }],
      [{ role: 'system', parts: [text('Be kind')] }],
    ],
    [
      'text in parts as one text',
      [{ role: 'user', content: [text('a'), text('b')] }],
      [{ role: 'user', parts: [text('ab')] }],
    ],
    ['no content as an empty text', [{ role: 'user', content: null }], [{ role: 'user', parts: [text('')] }]],
    [
      'a picture between texts in its place',
      [
        {
          role: 'user',
          content: [text('a'), { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } }, text('b')],
        },
      ],
      [{ role: 'user', parts: [text('a'), { type: 'image', mediaType: 'image/jpeg', data: 'AAAA' }, text('b')] }],
    ],
    [
      'calls and what they gave, with the name of the tool',
      [
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      ],
      [
        { role: 'assistant', parts: [part] },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'c1', name: 'weather', content: [text('sunny')] }] },
      ],
    ],
    [
      'a function call of the older form like any other',
      [
        { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{}' } },
        { role: 'function', name: 'weather', content: 'rain' },
      ],
      [
        { role: 'assistant', parts: [{ type: 'toolCall', id: 'call_0_0', name: 'weather', arguments: '{}' }] },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'call_0_0', name: 'weather', content: [text('rain')] }] },
      ],
    ],
    [
      'results without an id in the order of the calls',
      [
        {
          role: 'assistant',
          tool_calls: [{ function: clock }, { function: { name: 'weather', arguments: { a: 1 } } }],
        },
        { role: 'tool', content: 'noon' },
        { role: 'tool', content: 'sunny' },
      ],
      [
        {
          role: 'assistant',
          parts: [
            { type: 'toolCall', id: 'call_0_0', name: 'clock', arguments: '{}' },
            { type: 'toolCall', id: 'call_0_1', name: 'weather', arguments: '{"a":1}' },
          ],
        },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'call_0_0', name: 'clock', content: [text('noon')] }] },
        { role: 'tool', parts: [{ type: 'toolResult', id: 'call_0_1', name: 'weather', content: [text('sunny')] }] },
      ],
    ],
    [
      'thoughts before what was said',
      [{ role: 'assistant', content: 'Yes.', reasoning_content: 'Hm.' }],
      [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'Hm.' }, text('Yes.')] }],
    ],
  ])('has %s', (_what, given, expected) => {
    expect(messages(given)).toEqual(expected)
  })
})

describe('what a client says about tools and thinking', () => {
  it.each([
    ['tools', { tools }, { tools: [weather, clock] }],
    [
      'a custom tool, which is a function of one text, and the choice of it',
      {
        tools: [
          {
            type: 'custom',
            custom: { name: 'patch', format: { type: 'grammar', grammar: { definition: 'start: x' } } },
          },
        ],
        tool_choice: { type: 'custom', custom: { name: 'patch' } },
      },
      {
        tools: [
          {
            name: 'patch',
            description: 'The input follows this grammar:\nstart: x',
            parameters: {
              type: 'object',
              properties: { input: { type: 'string' } },
              required: ['input'],
              additionalProperties: false,
            },
          },
        ],
        toolChoice: { kind: 'named', name: 'patch' },
      },
    ],
    [
      'tools of which none may be called',
      { tools, tool_choice: 'none' },
      { tools: [weather, clock], toolChoice: { kind: 'none' } },
    ],
    [
      'a tool that must be called',
      { tools, tool_choice: { type: 'function', function: { name: 'clock' } } },
      { tools: [weather, clock], toolChoice: { kind: 'named', name: 'clock' } },
    ],
    [
      'the tools that are allowed',
      {
        tools,
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'clock' } }] },
        },
      },
      { tools: [clock], toolChoice: { kind: 'required' } },
    ],
    ['one call at a time', { tools, parallel_tool_calls: false }, { tools: [weather, clock], singleToolCall: true }],
    [
      'functions of the older form',
      { functions: [weather], function_call: { name: 'weather' } },
      { tools: [weather], toolChoice: { kind: 'named', name: 'weather' }, singleToolCall: true },
    ],
    ['no effort', { reasoning_effort: 'none' }, { reasoning: { enabled: false } }],
    ['little effort', { reasoning_effort: 'low' }, { reasoning: { enabled: true, effort: 'low' } }],
    [
      'a switch of the template',
      { chat_template_kwargs: { enable_thinking: false } },
      { reasoning: { enabled: false }, templateArguments: { enable_thinking: false } },
    ],
    ['the switch beside it', { enable_thinking: true }, { reasoning: { enabled: true } }],
    ['another service’s switch', { thinking: { type: 'disabled' } }, { reasoning: { enabled: false } }],
    [
      'a bound on thoughts',
      { reasoning: { effort: 'high', max_tokens: 50 } },
      { reasoning: { enabled: true, effort: 'high', maxTokens: 50 } },
    ],
  ])('becomes a prompt with %s', (_what, fields, expected) => {
    expect(prompt(fields)).toEqual({ ...HI, ...expected })
  })

  it('names tools that only OpenAI has', () => {
    expect(ignoredTools(parsed({ tools: [...tools, { type: 'web_search' }] }))).toEqual(['tools.web_search'])
  })

  it.each([
    [{ continue_final_message: true }, true],
    [{ add_generation_prompt: false }, true],
    [{}, undefined],
  ])('has an assistant’s turn go on only where it says so: %j', (fields, expected) => {
    const made = prompt({
      messages: [
        { role: 'user', content: 'Count' },
        { role: 'assistant', content: 'One,' },
      ],
      ...fields,
    })
    expect(made.kind === 'chat' && made.continueLast).toBe(expected)
  })
})

describe('everything else of a request', () => {
  it.each([
    ['the newer name of the limit first', { max_tokens: 5, max_completion_tokens: 3 }, { maxTokens: 3 }],
    ['no limit for -1', { max_tokens: -1 }, {}],
    ['no stop for an empty one', { stop: ['', 'a'] }, { stop: ['a'] }],
    [
      'penalties and biases',
      { frequency_penalty: 1, presence_penalty: -1, logit_bias: { 5: -100 }, top_k: -1 },
      { sampling: { frequencyPenalty: 1, presencePenalty: -1, logitBias: { 5: -100 }, topK: 0 } },
    ],
    ['any JSON', { response_format: { type: 'json_object' } }, { format: { kind: 'json' } }],
    [
      'JSON of a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } } },
      { format: { kind: 'jsonSchema', schema: { type: 'object' }, lenient: true } },
    ],
    [
      'JSON of a strict schema',
      {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' }, strict: true } },
      },
      { format: { kind: 'jsonSchema', schema: { type: 'object' } } },
    ],
    ['no format for text', { response_format: { type: 'text' } }, {}],
    ['log probabilities', { logprobs: true, top_logprobs: 2 }, { logprobs: 2 }],
  ])('has %s', (_what, fields, expected) => {
    expect(request(fields)).toEqual({ model: 'm', prompt: HI, sampling: {}, stop: [], ...expected })
  })
})
