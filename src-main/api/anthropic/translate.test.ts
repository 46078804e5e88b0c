import { describe, expect, it } from 'vitest'
import { parseWith } from '../body'
import { Problem } from '../problem'
import { MessagesRequest } from './schema'
import { ignoredIn, toRequest } from './translate'

const USER = { role: 'user', content: 'hi' }
const text = (value: string) => ({ type: 'text', text: value })
const request = (fields: object) =>
  parseWith(MessagesRequest, { model: 'm', max_tokens: 9, messages: [USER], ...fields })
const translated = (fields: object) => toRequest(request(fields))
const prompt = (fields: object) => translated(fields).prompt
const messages = (fields: object) => {
  const made = prompt(fields)
  return made.kind === 'chat' ? made.messages : []
}
const refused = (fields: object): string => {
  try {
    translated(fields)
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}

const TOOL = { name: 'weather', description: 'Tells it', input_schema: { type: 'object' } }
const USE = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } }
const result = (fields: object) => ({ type: 'tool_result', tool_use_id: 'toolu_1', ...fields })
const withResult = (...blocks: object[]) => ({
  tools: [TOOL],
  messages: [USER, { role: 'assistant', content: [USE] }, { role: 'user', content: blocks }],
})

describe('a conversation of Anthropic’s', () => {
  it.each([
    ['a system of one text', { system: 'Be kind.' }, 'Be kind.'],
    [
      'a system in blocks',
      { system: [text('Be kind.'), { ...text('Be brief.'), cache_control: {} }] },
      'Be kind.\nBe brief.',
    ],
    [
      'a system with a header that changes all the time',
      { system: [text('x-anthropic-billing-header: cch=1;'), text('Be kind.')] },
      'Be kind.',
    ],
  ])('with %s begins with it', (_what, fields, says) => {
    expect(messages(fields)).toEqual([
      { role: 'system', parts: [text(says)] },
      { role: 'user', parts: [text('hi')] },
    ])
  })

  it('keeps thoughts, texts and calls of an assistant, and passes over what only Anthropic can read', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 'x' },
      { type: 'redacted_thinking', data: 'xyz' },
      text('Let me look.'),
      USE,
    ]
    expect(messages({ messages: [USER, { role: 'assistant', content }] })[1]).toEqual({
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'hm' },
        text('Let me look.'),
        { type: 'toolCall', id: 'toolu_1', name: 'weather', arguments: '{"city":"Paris"}' },
      ],
    })
  })

  it('has several results of tools before what the user says, each with its tool’s name', () => {
    const fields = {
      messages: [
        USER,
        { role: 'assistant', content: [USE, { ...USE, id: 'toolu_2', name: 'time' }] },
        {
          role: 'user',
          content: [
            result({ content: 'sunny' }),
            text('And now?'),
            { ...result({ content: [text('noon'), text('sharp')] }), tool_use_id: 'toolu_2' },
          ],
        },
      ],
    }
    expect(messages(fields).slice(2)).toEqual([
      {
        role: 'tool',
        parts: [
          { type: 'toolResult', id: 'toolu_1', name: 'weather', content: [text('sunny')] },
          { type: 'toolResult', id: 'toolu_2', name: 'time', content: [text('noon'), text('\nsharp')] },
        ],
      },
      { role: 'user', parts: [text('And now?')] },
    ])
  })

  it.each([
    [
      'that failed',
      result({ content: 'no network', is_error: true }),
      { content: [text('no network')], isError: true },
    ],
    ['that says nothing', result({}), { content: [] }],
    [
      'with a picture',
      result({ content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } }] }),
      { content: [{ type: 'image', mediaType: 'image/png', data: 'AA==' }] },
    ],
    [
      'with what a search found',
      result({ content: [{ type: 'search_result', source: 'a.md', title: 'A', content: [text('found')] }] }),
      { content: [text('A (a.md)'), text('\nfound')] },
    ],
  ])('has a result %s', (_what, block, part) => {
    expect(messages(withResult(block))[2]).toEqual({
      role: 'tool',
      parts: [{ type: 'toolResult', id: 'toolu_1', name: 'weather', ...part }],
    })
  })

  it('shows documents of text by their title and text', () => {
    const document = { type: 'document', title: 'Notes', source: { type: 'text', media_type: 'text/plain', data: 'x' } }
    expect(messages({ messages: [{ role: 'user', content: [document, text('Sum up.')] }] })).toEqual([
      { role: 'user', parts: [text('Notes'), text('\nx'), text('\nSum up.')] },
    ])
  })

  it.each([
    ['what the assistant has begun', 'The answer is', true],
    ['a text in blocks', [text('The answer is')], true],
    ['a tool’s call', [text('Wait.'), USE], undefined],
  ])('that ends with %s is continued or not', (_what, content, continueLast) => {
    const made = prompt({ messages: [USER, { role: 'assistant', content }] })
    expect(made).toMatchObject({ kind: 'chat', messages: [{ role: 'user' }, { role: 'assistant' }] })
    expect('continueLast' in made ? made.continueLast : undefined).toBe(continueLast)
  })

  it('that ends with an assistant’s empty turn ends before it', () => {
    expect(prompt({ messages: [USER, { role: 'assistant', content: ' ' }] })).toEqual({
      kind: 'chat',
      messages: [{ role: 'user', parts: [text('hi')] }],
    })
  })
})

describe('a request of Anthropic’s', () => {
  it.each([
    ['auto', { type: 'auto' }, {}],
    ['any', { type: 'any' }, { toolChoice: { kind: 'required' } }],
    ['none', { type: 'none' }, { toolChoice: { kind: 'none' } }],
    ['one tool', { type: 'tool', name: 'weather' }, { toolChoice: { kind: 'named', name: 'weather' } }],
    ['one call at most', { type: 'auto', disable_parallel_tool_use: true }, { singleToolCall: true }],
  ])('chooses %s', (_what, tool_choice, expected) => {
    expect(prompt({ tools: [TOOL], tool_choice })).toEqual({
      kind: 'chat',
      messages: [{ role: 'user', parts: [text('hi')] }],
      tools: [{ name: 'weather', description: 'Tells it', parameters: { type: 'object' } }],
      ...expected,
    })
  })

  it.each([
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, { enabled: true, maxTokens: 2048 }],
    [{ thinking: { type: 'disabled' } }, { enabled: false }],
    [{ thinking: { type: 'adaptive' } }, undefined],
    [{ thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }, { effort: 'high' }],
    [{ output_config: { effort: 'low' } }, { effort: 'low' }],
    [{}, undefined],
  ])('with %j has the model think %j', (fields, reasoning) => {
    const made = prompt(fields)
    expect(made.kind === 'chat' ? made.reasoning : 'none').toEqual(reasoning)
  })

  it('carries sampling, limits, stops and the form of the answer', () => {
    const schema = { type: 'object' }
    const format = { type: 'json_schema', schema }
    const fields = { temperature: 0, top_p: 0.5, top_k: 3, stop_sequences: ['END', ''], max_tokens: 64000 }
    expect(translated({ ...fields, output_config: { format } })).toMatchObject({
      sampling: { temperature: 0, topP: 0.5, topK: 3 },
      stop: ['END'],
      maxTokens: 64000,
      format: { kind: 'jsonSchema', schema },
    })
    expect(translated({ output_format: format }).format).toEqual({ kind: 'jsonSchema', schema })
  })

  it('names tools and blocks that only Anthropic’s service knows, and goes without them', () => {
    const search = { type: 'web_search_20250305', name: 'web_search' }
    const content = [{ type: 'server_tool_use', id: 'x', name: 'web_search', input: {} }, text('Found.')]
    const body = request({ tools: [search, TOOL], messages: [USER, { role: 'assistant', content }, USER] })
    expect(ignoredIn(body)).toEqual(['tools.web_search_20250305', 'messages.server_tool_use'])
    expect(toRequest(body).prompt).toMatchObject({ tools: [{ name: 'weather' }] })
  })

  it.each([
    ['no tokens at all', { max_tokens: 0 }, 'max_tokens: must be at least 1'],
    ['no messages', { messages: [] }, 'messages'],
    ['messages that say nothing', { messages: [{ role: 'user', content: [] }] }, 'there is no message with content'],
    ['an unknown role', { messages: [{ role: 'bot', content: 'hi' }] }, 'messages.0.role'],
    [
      'a picture from elsewhere',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'x' } }] }] },
      'base64',
    ],
    [
      'a PDF',
      { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'base64', data: 'x' } }] }] },
      'only documents of text',
    ],
    ['a tool without a schema', { tools: [{ name: 'f' }] }, 'input_schema'],
    [
      'a choice of a tool that is not there',
      { tools: [TOOL], tool_choice: { type: 'tool', name: 'x' } },
      'no tool is named "x"',
    ],
    ['a choice among no tools', { tool_choice: { type: 'any' } }, 'no tools to choose from'],
    ['a name that is too long', { tools: [{ ...TOOL, name: 'x'.repeat(201) }] }, 'name'],
  ])('with %s is refused', (_what, fields, says) => {
    expect(refused(fields)).toContain(says)
  })

  it('with a picture from elsewhere is refused for that alone', () => {
    const content = [{ type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } }]
    const message = 'only images in base64 are supported: nothing is fetched from elsewhere'
    expect(refused({ messages: [{ role: 'user', content }] })).toBe(`messages.0.content.0.source.type: ${message}`)
  })
})
