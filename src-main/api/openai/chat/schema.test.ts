import { describe, expect, it } from 'vitest'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { ChatCompletionRequest } from './schema'
import { toRequest } from './translate'

const chat = (fields: object): object => ({ model: 'm', messages: [{ role: 'user', content: 'hi' }], ...fields })
const accepted = (fields: object) => toRequest(parseWith(ChatCompletionRequest, chat(fields)))
const refused = (fields: object): string => {
  try {
    accepted(fields)
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
  return 'accepted'
}
const message = (fields: object): object => ({ messages: [{ role: 'user', content: 'hi', ...fields }] })

describe('a chat completion request', () => {
  it.each([
    ['17 stops', { stop: Array(17).fill('a') }, 'stop: Too big: expected array to have <=16 items, not 17'],
    ['a stop that is a number', { stop: 3 }, 'stop: expected string or array, received number'],
    ['a stop in a list that is a number', { stop: ['a', 3] }, 'stop.1: expected string, received number'],
    [
      'a content that is a number',
      message({ content: 3 }),
      'messages.0.content: expected string or array, received number',
    ],
    [
      'an image that is elsewhere',
      message({ content: [{ type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }] }),
      'no address is fetched',
    ],
    [
      'a sound',
      message({ content: [{ type: 'input_audio', input_audio: {} }] }),
      'messages.0.content.0.type: only text and image_url are supported: {"type": "text", "text": …}',
    ],
    ['a file', message({ content: [{ type: 'file', file: {} }] }), 'only text and image_url are supported'],
    ['a tool without a name', { tools: [{ type: 'function', function: {} }] }, 'function.name'],
    [
      'a named tool that is not there',
      { tool_choice: { type: 'function', function: { name: 'f' } } },
      'no tool is named "f"',
    ],
    ['a required tool but no tools', { tool_choice: 'required' }, 'tool_choice: there are no tools to choose from'],
    ['a format that nobody knows', { response_format: { type: 'yaml' } }, 'response_format.type: only the types text'],
    ['no tokens', { max_tokens: 0 }, 'max_tokens: must be at least 1'],
    ['17 choices', { n: 17 }, 'n: Too big: expected number to be <=16, not 17'],
    ['a bias for no token', { logit_bias: { hello: 1 } }, 'logit_bias'],
    ['nothing to go on with', { continue_final_message: true }, 'continue_final_message: the last message'],
    [
      'a text part without text',
      message({ content: [{ type: 'text' }] }),
      'messages.0.content.0.text: expected string',
    ],
    ['a temperature over 2', { temperature: 3 }, 'temperature: Too big: expected number to be <=2, not 3'],
    ['an unknown role', message({ role: 'bot' }), '"assistant"|"tool"|"function", not "bot"'],
    ['a function without a name', { functions: [{}] }, 'functions.0.name: expected string'],
    ['audio', { audio: {} }, 'audio: audio is not supported'],
    ['a seed that is no whole number', { seed: 1.5 }, 'seed: must be a whole number'],
    ['a seed over 64 bits', { seed: 2 ** 65 }, 'seed: must be at most 2^64'],
    ['a seed far below zero', { seed: -(2 ** 64) }, 'seed: must be at least -2^63'],
  ])('with %s is refused with what was expected where', (_what, fields, says) => {
    expect(refused(fields)).toContain(says)
  })

  it.each([
    ['a null name', message({ name: null })],
    ['no functions', { functions: [] }],
    ['null for what is not supported', { functions: null, audio: null, function_call: null }],
    ['the least of everything', { max_tokens: -1, top_k: -1, stop: '', seed: -1, n: 1 }],
    ['a tool that only OpenAI runs', { tools: [{ type: 'web_search' }] }],
    ['what only other services know', { provider: {}, options: {}, keep_alive: '5m', id: 'x' }],
    ['a refusal beside the content', message({ role: 'assistant', content: null, refusal: 'no' })],
  ])('with %s is accepted', (_what, fields) => {
    expect(refused(fields)).toBe('accepted')
  })

  it('gives the model what an assistant refused with, in its place', () => {
    const content = [
      { type: 'text', text: 'Sorry. ' },
      { type: 'refusal', refusal: 'I cannot do that.' },
    ]
    expect(accepted(message({ role: 'assistant', content })).prompt).toEqual({
      kind: 'chat',
      messages: [{ role: 'assistant', parts: [{ type: 'text', text: 'Sorry. I cannot do that.' }] }],
    })
  })

  it.each([0, -1, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64, -(2 ** 63)])('takes the seed %d', (seed) => {
    expect(accepted({ seed }).sampling).toEqual({ seed })
  })
})
