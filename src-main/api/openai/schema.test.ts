import { describe, expect, it } from 'vitest'
import { parseWith } from '../body'
import { Problem } from '../problem'
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
      'an image',
      message({ content: [{ type: 'image_url', image_url: { url: 'x' } }] }),
      'messages.0.content.0.type: only text is supported: {"type": "text", "text": …}',
    ],
    [
      'a text part without text',
      message({ content: [{ type: 'text' }] }),
      'messages.0.content.0.text: expected string',
    ],
    ['a temperature over 2', { temperature: 3 }, 'temperature: Too big: expected number to be <=2, not 3'],
    ['an unknown role', message({ role: 'bot' }), '"assistant"|"tool", not "bot"'],
    ['functions', { functions: [{}] }, 'functions: functions are not supported'],
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
