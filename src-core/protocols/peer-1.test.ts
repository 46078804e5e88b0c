import { describe, expect, it } from 'vitest'
import { GenerationRequest } from '../generation/request'
import type { GenerationUpdate } from '../generation/stream'
import { fromRequest1, fromUpdate1, GenerationUpdate1, toRequest1, toUpdate1 } from './peer-1'

const request = (prompt: object, more: object = {}) =>
  GenerationRequest.parse({ taskId: 't', modelId: 'owner/name', prompt, sampling: { topK: 4 }, stop: ['x'], ...more })

const said = (role: string, text: string) => ({ role, parts: [{ type: 'text', text }] })
const chat = (more: object = {}) => ({
  kind: 'chat',
  messages: [said('system', 'Be brief'), said('user', 'Hi')],
  ...more,
})

describe('a request to a machine that speaks protocol 1', () => {
  it.each([
    ['a conversation', chat()],
    ['plain text', { kind: 'text', text: 'Once' }],
  ])('carries %s without loss', (_, prompt) => {
    const sent = toRequest1(request(prompt))
    expect(sent && fromRequest1(sent)).toEqual(request(prompt))
  })

  it.each([
    ['tools', chat({ tools: [{ name: 'clock' }] })],
    ['reasoning', chat({ reasoning: { enabled: true } })],
    ['an answer to be continued', chat({ continueLast: true })],
    ['embeddings', { kind: 'embed', inputs: ['x'] }],
  ])('cannot express %s', (_, prompt) => {
    expect(toRequest1(request(prompt))).toBeUndefined()
  })

  it.each([
    ['a format', { format: { kind: 'json' } }],
    ['penalties', { sampling: { presencePenalty: 1 } }],
    ['counting', { countOnly: true }],
  ])('cannot express %s', (_, more) => {
    expect(toRequest1(request(chat(), more))).toBeUndefined()
  })
})

describe('an answer of protocol 1', () => {
  const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 2 }

  it.each<GenerationUpdate>([
    { type: 'progress', processed: 1, total: 2 },
    { type: 'delta', content: [{ channel: 'text', text: 'Hi' }], tokens: 1 },
    { type: 'delta', content: [], tokens: 1 },
    { type: 'finished', reason: 'length', usage },
    { type: 'failed', code: 'unsupported', message: 'no' },
  ])('carries $type there and back', (update) => {
    const sent = toUpdate1(update)
    expect(sent && fromUpdate1(GenerationUpdate1.parse(sent))).toEqual(update)
  })

  it('ends as usual after tool calls', () => {
    expect(toUpdate1({ type: 'finished', reason: 'toolCalls', usage: { ...usage, reasoningTokens: 1 } })).toEqual({
      type: 'finished',
      reason: 'stop',
      usage,
    })
  })
})
