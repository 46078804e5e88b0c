import Anthropic from '@anthropic-ai/sdk'
import { Ollama } from 'ollama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addCoderModel, CODER } from '../harness/models'
import { startServing, type ServingNode } from '../harness/serving'
import { cityOf, IN_PARIS, WEATHER } from './weather'

const FRANCE = { role: 'user' as const, content: 'What is the capital of France?' }
const RESULT = 'Sunny, 24 degrees'

describe('a real model through the clients of Anthropic and Ollama', () => {
  let serving: ServingNode
  let anthropic: Anthropic
  let ollama: Ollama

  beforeAll(async () => {
    serving = await startServing({ modelId: CODER, add: addCoderModel, declaration: { name: 'coder' } })
    anthropic = new Anthropic({ baseURL: serving.node.url, apiKey: 'none', maxRetries: 0 })
    ollama = new Ollama({ host: serving.node.url })
  })
  afterAll(() => serving.stop())

  describe('Anthropic’s', () => {
    const PLAIN = { model: 'coder', temperature: 0, max_tokens: 60 }
    const TOOLS = [{ name: WEATHER.name, description: WEATHER.description, input_schema: WEATHER.schema }]

    it('knows a capital', async () => {
      const { content, stop_reason } = await anthropic.messages.create({ ...PLAIN, messages: [FRANCE] })
      expect(content).toMatchObject([{ type: 'text', text: expect.stringContaining('Paris') as string }])
      expect(stop_reason).toBe('end_turn')
    })

    it('streams the arguments of a call while the model writes them', async () => {
      const tool_choice = { type: 'any' as const }
      const stream = anthropic.messages.stream({ ...PLAIN, tools: TOOLS, tool_choice, messages: [IN_PARIS] })
      const pieces: string[] = []
      stream.on('inputJson', (piece) => pieces.push(piece))
      const call = (await stream.finalMessage()).content.find((block) => block.type === 'tool_use')
      expect([call?.name, cityOf(call?.input)]).toEqual([WEATHER.name, 'Paris'])
      expect(JSON.parse(pieces.join(''))).toEqual(call?.input)
      expect(pieces.length).toBeGreaterThan(2)
    })

    it('calls a tool, streamed or whole, and reads its result', async () => {
      const request = { ...PLAIN, tools: TOOLS, messages: [IN_PARIS] }
      const whole = await anthropic.messages.create(request)
      const streamed = await anthropic.messages.stream(request).finalMessage()
      for (const { content, stop_reason } of [whole, streamed]) {
        const call = content.find((block) => block.type === 'tool_use')
        expect([call?.name, cityOf(call?.input), stop_reason]).toEqual([WEATHER.name, 'Paris', 'tool_use'])
      }
      const results = whole.content
        .filter((block) => block.type === 'tool_use')
        .map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: RESULT }))
      const { content } = await anthropic.messages.create({
        ...request,
        tool_choice: { type: 'none' },
        messages: [IN_PARIS, { role: 'assistant', content: whole.content }, { role: 'user', content: results }],
      })
      expect(content).toMatchObject([{ type: 'text', text: expect.stringMatching(/24|sunny/i) as string }])
    })
  })

  describe('Ollama’s', () => {
    const PLAIN = { model: 'coder', options: { temperature: 0, num_predict: 60 } }
    const tools = [
      {
        type: 'function',
        function: { name: WEATHER.name, description: WEATHER.description, parameters: WEATHER.schema },
      },
    ]

    it('knows a capital', async () => {
      const { message, done_reason } = await ollama.chat({ ...PLAIN, messages: [FRANCE] })
      expect(message.content).toContain('Paris')
      expect(done_reason).toBe('stop')
    })

    it('calls a tool and reads its result', async () => {
      const { message } = await ollama.chat({ ...PLAIN, tools, messages: [IN_PARIS] })
      const call = message.tool_calls?.[0]?.function
      expect([call?.name, cityOf(call?.arguments)]).toEqual([WEATHER.name, 'Paris'])
      const result = { role: 'tool', content: RESULT, tool_name: WEATHER.name }
      // Without the tools, for a model this small would call one again.
      const answered = await ollama.chat({ ...PLAIN, messages: [IN_PARIS, message, result] })
      expect(answered.message.content).toMatch(/24|sunny/i)
    })
  })
})
