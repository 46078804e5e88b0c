import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ChatCompletionRequest } from '../openai/chat/schema'
import { nestedIgnored } from './nested-ignored'

const NONE: ReadonlySet<string> = new Set()

const ignored = (more: object): string[] => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...more }
  return nestedIgnored(body, ChatCompletionRequest.parse(body), NONE)
}

describe('fields within fields that nobody reads', () => {
  it('are named by their path, once however often they come', () => {
    const message = { role: 'user', content: [{ type: 'text', text: 'hi', style: 'loud' }], mood: 'good' }
    expect(ignored({ messages: [message, message] })).toEqual(['messages.content.style', 'messages.mood'])
    expect(ignored({ stream_options: { include_obfuscation: true } })).toEqual(['stream_options.include_obfuscation'])
    const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', odd: 1 }, cost: 3 } }
    expect(ignored({ tools: [tool] })).toEqual(['tools.function.cost'])
  })

  it('are not those that hold free JSON, say nothing, or stand at the first level', () => {
    expect(ignored({ metadata: { a: { b: 1 } }, odd: 1, chat_template_kwargs: { odd: { x: 1 } } })).toEqual([])
    const answered = { role: 'assistant', content: 'yes', annotations: [], audio: null }
    expect(ignored({ messages: [answered, { role: 'user', content: 'and?' }] })).toEqual([])
  })

  it('are bounded, however large the body', () => {
    const schema = z.object({ list: z.array(z.object({})) })
    const body = { list: Array.from({ length: 100_000 }, (_, at) => ({ [`f${at}`]: 1 })) }
    expect(nestedIgnored(body, schema.parse(body), NONE)).toHaveLength(30)
  })
})
