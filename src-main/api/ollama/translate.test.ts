import { describe, expect, it } from 'vitest'
import { parseWith } from '../body'
import { Problem } from '../problem'
import { askedModel } from './model-name'
import { ChatRequest, GenerateRequest } from './schema'
import { chatToRequest, generateToRequest, ignoredIn } from './translate'

const USER = { role: 'user', content: 'hi' }
const text = (value: string) => ({ type: 'text', text: value })
const asked = (fields: object) => parseWith(ChatRequest, { model: 'm', messages: [USER], ...fields })
const chat = (fields: object) => chatToRequest(asked(fields))
const generate = (fields: object) =>
  generateToRequest(parseWith(GenerateRequest, { model: 'm', prompt: 'hi', ...fields }))
const messages = (given: object[]) => {
  const { prompt } = chat({ messages: given })
  return prompt.kind === 'chat' ? prompt.messages : []
}
const refused = (fields: object): string => {
  try {
    chat(fields)
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}
const PNG = 'iVBORw0KGgo='
const call = (name: string, args: unknown, id?: string) => ({ id, function: { name, arguments: args } })

describe('a conversation of Ollama’s', () => {
  it('finds the call of each result by id, by the tool’s name, or by order', () => {
    const calls = [call('weather', { city: 'Paris' }), call('time', '{"zone": "CET"}'), call('weather', {}, 'call_x')]
    const made = messages([
      USER,
      { role: 'assistant', content: '', thinking: 'hm', tool_calls: calls },
      { role: 'tool', content: 'noon', tool_name: 'time' },
      { role: 'tool', content: 'rain', tool_call_id: 'call_x' },
      { role: 'tool', content: 'sunny' },
    ])
    expect(made[1]).toEqual({
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'hm' },
        { type: 'toolCall', id: 'call_0', name: 'weather', arguments: '{"city":"Paris"}' },
        { type: 'toolCall', id: 'call_1', name: 'time', arguments: '{"zone": "CET"}' },
        { type: 'toolCall', id: 'call_x', name: 'weather', arguments: '{}' },
      ],
    })
    expect(made.slice(2).flatMap(({ role, parts }) => (role === 'tool' ? parts : []))).toEqual([
      { type: 'toolResult', id: 'call_1', name: 'time', content: [text('noon')] },
      { type: 'toolResult', id: 'call_x', name: 'weather', content: [text('rain')] },
      { type: 'toolResult', id: 'call_0', name: 'weather', content: [text('sunny')] },
    ])
  })

  it('has pictures of the kind that their first bytes tell', () => {
    expect(messages([{ ...USER, images: [PNG, '/9j/4AAQ'] }])).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'image', mediaType: 'image/png', data: PNG },
          { type: 'image', mediaType: 'image/jpeg', data: '/9j/4AAQ' },
          text('hi'),
        ],
      },
    ])
    expect(refused({ messages: [{ ...USER, images: ['https://x'] }] })).toContain('images: expected PNG')
  })

  it('is continued where an assistant’s text is its end', () => {
    const begun = { role: 'assistant', content: 'It is' }
    expect(chat({ messages: [USER, begun] }).prompt).toMatchObject({ continueLast: true })
    expect(chat({ messages: [USER, { ...begun, content: '' }] }).prompt).not.toHaveProperty('continueLast')
  })
})

describe('a request of Ollama’s', () => {
  it.each([
    [{ think: true }, { reasoning: { enabled: true } }],
    [{ think: false }, { reasoning: { enabled: false } }],
    [{ think: 'low' }, { reasoning: { enabled: true, effort: 'low' } }],
    [
      { tools: [{ type: 'function', function: { name: 'f', description: 'does', parameters: { type: 'object' } } }] },
      { tools: [{ name: 'f', description: 'does', parameters: { type: 'object' } }] },
    ],
  ])('with %j asks for %j', (fields, expected) => {
    expect(chat(fields).prompt).toMatchObject(expected)
  })

  it.each([
    [{ options: { num_predict: 7 } }, { maxTokens: 7 }],
    [{ options: { num_predict: -1 } }, {}],
    [{ options: { num_predict: -2 } }, {}],
    [{ options: { stop: ['END', ''] } }, { stop: ['END'] }],
    [{ options: { stop: 'END' } }, { stop: ['END'] }],
    [{ options: { top_k: -1, min_p: 0.1, seed: 42 } }, { sampling: { topK: 0, minP: 0.1, seed: 42 } }],
    [
      { options: { temperature: 0, repeat_penalty: 1.1, presence_penalty: 1, frequency_penalty: 0.5 } },
      { sampling: { temperature: 0, repetitionPenalty: 1.1, presencePenalty: 1, frequencyPenalty: 0.5 } },
    ],
    [{ format: 'json' }, { format: { kind: 'json' } }],
    [{ format: '' }, {}],
    [{ format: { type: 'object' } }, { format: { kind: 'jsonSchema', schema: { type: 'object' }, lenient: true } }],
    [{ logprobs: true, top_logprobs: 2 }, { logprobs: 2 }],
  ])('with %j is translated', (fields, expected) => {
    const { prompt, ...rest } = chat(fields)
    expect(prompt.kind).toBe('chat')
    expect(rest).toEqual({ model: 'm', sampling: {}, stop: [], ...expected })
    const { prompt: _, ...same } = generate(fields)
    expect(same).toEqual(rest)
  })

  it('of a prompt is a conversation of one turn, and text as it is where it is raw', () => {
    expect(generate({ system: 'Be kind.' }).prompt).toEqual({
      kind: 'chat',
      messages: [
        { role: 'system', parts: [text('Be kind.')] },
        { role: 'user', parts: [text('hi')] },
      ],
    })
    expect(generate({ raw: true, system: 'Be kind.' }).prompt).toEqual({ kind: 'text', text: 'hi' })
  })

  it('names the options that mean nothing here', () => {
    const body = asked({ keep_alive: '5m', options: { num_ctx: 4096, temperature: 1, mirostat: 0 } })
    expect(ignoredIn(body)).toEqual(['options.num_ctx', 'options.mirostat'])
  })

  it.each([
    [{ model: 'm:latest' }, 'm'],
    [{ name: 'org/m' }, 'org/m'],
    [{ model: 'm:4bit' }, 'm:4bit'],
    [{ model: ':latest' }, ':latest'],
  ])('%j asks for the model %s', (fields, model) => {
    expect(askedModel(fields)).toBe(model)
  })

  it.each([
    [{ model: null }, 'model: expected string'],
    [{ messages: [{ role: 'bot' }] }, 'messages.0.role'],
    [{ think: 'very' }, 'think'],
    [{ format: 'yaml' }, 'format'],
    [{ options: { num_predict: 1.5 } }, 'options.num_predict'],
    [{ options: { temperature: 'hot' } }, 'options.temperature'],
    [{ keep_alive: 'soon' }, 'keep_alive'],
    [{ tools: [{ function: {} }] }, 'tools.0.function.name'],
  ])('with %j is refused', (fields, says) => {
    expect(refused(fields)).toContain(says)
  })
})
