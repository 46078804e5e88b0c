import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { addCoderModel, CODER } from '../harness/models'
import { startServing, type ServingNode } from '../harness/serving'
import { cityOf, IN_PARIS, WEATHER } from './weather'

const functionTool = { name: WEATHER.name, description: WEATHER.description, parameters: WEATHER.schema }
const TOOLS: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: functionTool }]
const FRANCE = { role: 'user' as const, content: 'What is the capital of France?' }
const Person = z.strictObject({ name: z.string(), age: z.int() })

const SOAK = process.env['MUSTER_SOAK'] === '1'
/** Of a long prompt; 13 or 14 tokens each, at most the model’s whole context. A processor needs minutes for thousands. */
const LINES = SOAK ? 2_200 : 50
const LONG_PROMPT_MS = SOAK ? 10_800_000 : 1_200_000

const functionOf = (call: OpenAI.ChatCompletionMessageToolCall | undefined) => {
  if (call?.type !== 'function') throw new Error(`no call of a function but ${JSON.stringify(call)}`)
  return call.function
}

describe('a real model through OpenAI’s client', () => {
  let serving: ServingNode
  let client: OpenAI

  const ask = async (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>) => {
    const request = { model: 'coder', messages: [FRANCE], temperature: 0, max_tokens: 60, ...more }
    const { choices, usage } = await client.chat.completions.create(request)
    const choice = choices[0]
    if (choice === undefined) throw new Error('no choice')
    return { ...choice, usage }
  }

  beforeAll(async () => {
    const declaration = { name: 'coder', maxContext: 32_768 }
    serving = await startServing({ modelId: CODER, add: addCoderModel, declaration })
    client = new OpenAI({ baseURL: `${serving.node.url}/v1`, apiKey: 'none', maxRetries: 0, timeout: LONG_PROMPT_MS })
  })
  afterAll(() => serving.stop())

  it('knows a capital', async () => {
    const { message, finish_reason } = await ask({})
    expect(message.content).toContain('Paris')
    expect(finish_reason).toBe('stop')
  })

  it.each<[string, OpenAI.ChatCompletionToolChoiceOption]>([
    ['is free to', 'auto'],
    ['has to call this one', { type: 'function', function: { name: WEATHER.name } }],
  ])('calls a tool with the right arguments where it %s', async (_how, tool_choice) => {
    const { message, finish_reason } = await ask({ messages: [IN_PARIS], tools: TOOLS, tool_choice })
    const call = functionOf(message.tool_calls?.[0])
    expect([call.name, cityOf(call.arguments), finish_reason]).toEqual([WEATHER.name, 'Paris', 'tool_calls'])
  })

  it.each<[string, OpenAI.ChatCompletionToolChoiceOption]>([
    ['a call of its own accord', 'auto'],
    ['some call', 'required'],
    ['this call', { type: 'function', function: { name: WEATHER.name } }],
  ])('streams the arguments of %s while the model writes them', async (_which, tool_choice) => {
    const request = { model: 'coder', messages: [IN_PARIS], tools: TOOLS, temperature: 0, max_tokens: 60, tool_choice }
    const stream = client.chat.completions.stream(request)
    const pieces: string[] = []
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => pieces.push(arguments_delta))
    const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0] ?? {}
    const call = functionOf(message?.tool_calls?.[0])
    expect([call.name, cityOf(call.arguments), finish_reason]).toEqual([WEATHER.name, 'Paris', 'tool_calls'])
    expect(pieces.join('')).toBe(call.arguments)
    expect(pieces.filter((piece) => piece !== '').length).toBeGreaterThan(2)
  })

  it('streams the arguments of a response’s call as events', async () => {
    const tools = [{ type: 'function' as const, ...functionTool, strict: false }]
    const request = { model: 'coder', input: IN_PARIS.content, tools, tool_choice: 'required' as const, temperature: 0 }
    const stream = client.responses.stream({ ...request, max_output_tokens: 60 })
    const pieces: string[] = []
    stream.on('response.function_call_arguments.delta', ({ delta }) => pieces.push(delta))
    const [call] = (await stream.finalResponse()).output
    if (call?.type !== 'function_call') throw new Error(`no call but ${JSON.stringify(call)}`)
    expect([call.name, cityOf(call.arguments), pieces.join('')]).toEqual([WEATHER.name, 'Paris', call.arguments])
    expect(pieces.length).toBeGreaterThan(2)
  })

  it('tells a call that the limit of tokens cuts as a call', async () => {
    const { message, finish_reason } = await ask({
      messages: [IN_PARIS],
      tools: TOOLS,
      tool_choice: 'required',
      max_tokens: 14,
    })
    const call = functionOf(message.tool_calls?.[0])
    expect([call.name, message.content, finish_reason]).toEqual([WEATHER.name, null, 'length'])
    expect(() => cityOf(call.arguments)).toThrow()
  })

  it('calls a tool with the right arguments where it has to call some tool, and ends no call at a stop sequence', async () => {
    const stop = ['"', '}']
    const { message, finish_reason } = await ask({ messages: [IN_PARIS], tools: TOOLS, tool_choice: 'required', stop })
    const call = functionOf(message.tool_calls?.[0])
    expect([call.name, cityOf(call.arguments), finish_reason]).toEqual([WEATHER.name, 'Paris', 'tool_calls'])
  })

  it('calls no tool where it may not, and reads the result of one that it called', async () => {
    const called = { name: WEATHER.name, arguments: '{"city": "Paris"}' }
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      IN_PARIS,
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: called }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'Sunny, 24 degrees' },
    ]
    const { message } = await ask({ messages, tools: TOOLS, tool_choice: 'none' })
    expect(message.tool_calls ?? []).toEqual([])
    expect(message.content).toMatch(/24|sunny/i)
  })

  it('answers in the form of a schema', async () => {
    const json_schema = { name: 'person', strict: true, schema: z.toJSONSchema(Person) }
    const { message } = await ask({
      messages: [{ role: 'user', content: 'Give me a person called Ann who is 30 years old, as JSON.' }],
      response_format: { type: 'json_schema', json_schema },
    })
    expect(Person.parse(JSON.parse(message.content ?? ''))).toEqual({ name: 'Ann', age: 30 })
  })

  it('writes a function', async () => {
    const content = 'Write a Python function that adds two numbers. Answer with the code only.'
    expect((await ask({ messages: [{ role: 'user', content }] })).message.content).toMatch(/def \w+\(/)
  })

  it(
    'answers at the end of a long prompt',
    async () => {
      const lines = Array.from({ length: LINES }, (_, day) => `On day ${day} the gauge stood at ${(day * 37) % 101}.`)
      const content = `${lines.join('\n')}\n\nNever mind these lines. What is the capital of France?`
      // Node's fetch waits five minutes for the headers of an answer, which a streamed one has at once.
      const request = { model: 'coder', messages: [{ role: 'user' as const, content }], temperature: 0, max_tokens: 20 }
      const stream = client.chat.completions.stream({ ...request, stream_options: { include_usage: true } })
      const { choices, usage } = await stream.finalChatCompletion()
      expect(usage?.prompt_tokens).toBeGreaterThan(12 * LINES)
      expect(choices[0]?.message.content).toContain('Paris')
    },
    LONG_PROMPT_MS,
  )
})
