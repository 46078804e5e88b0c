import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addTinyModel, TINY } from '../harness/models'
import { startServing, type ServingNode } from '../harness/serving'

const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const text = (json: string): string => JSON.stringify(json)

const HELLO = '{"role":"user","content":"hi"}'
const chat = (more: string): string => `{"model":"${TINY}","max_tokens":1,"messages":[${HELLO}],${more}}`
const chatCall = (given: string): string => {
  const call = `{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":${given}}}]}`
  return `{"model":"${TINY}","max_tokens":1,"messages":[${HELLO},${call},{"role":"tool","tool_call_id":"c","content":"1"}]}`
}
const anthropicCall = (input: string): string => {
  const call = `{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":${input}}]}`
  const result = '{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1"}]}'
  return `{"model":"${TINY}","max_tokens":1,"messages":[${HELLO},${call},${result}]}`
}
const response = (input: string, more = ''): string =>
  `{"model":"${TINY}","max_output_tokens":1,"input":${input}${more}}`
const ollamaCall = (given: string): string => {
  const call = `{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":${given}}}]}`
  return `{"model":"${TINY}","stream":false,"options":{"num_predict":1},"messages":[${HELLO},${call}]}`
}

/** Every place that holds JSON of the client's own, and a body that has some there. */
const PLACES: readonly (readonly [string, string, (json: string) => string])[] = [
  ['arguments of a chat’s call, as text', '/v1/chat/completions', (json) => chatCall(text(json))],
  ['arguments of a chat’s call, as an object', '/v1/chat/completions', chatCall],
  ['metadata of a chat', '/v1/chat/completions', (json) => chat(`"metadata":${json}`)],
  ['a field that nobody reads', '/v1/chat/completions', (json) => chat(`"odd":${json}`)],
  [
    'a tool’s schema',
    '/v1/chat/completions',
    (json) => chat(`"tools":[{"type":"function","function":{"name":"f","parameters":${json}}}]`),
  ],
  ['variables of the template', '/v1/chat/completions', (json) => chat(`"chat_template_kwargs":${json}`)],
  ['input of Anthropic’s call', '/v1/messages', anthropicCall],
  [
    'arguments of a response’s call',
    '/v1/responses',
    (json) => response(`[{"type":"function_call","call_id":"c","name":"f","arguments":${text(json)}}]`),
  ],
  ['metadata of a response', '/v1/responses', (json) => response('"hi"', `,"metadata":${json}`)],
  ['arguments of Ollama’s call, as text', '/api/chat', (json) => ollamaCall(text(json))],
  ['arguments of Ollama’s call, as an object', '/api/chat', ollamaCall],
]

describe('JSON of a client’s own', () => {
  let serving: ServingNode

  const answered = async (path: string, body: string) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${serving.node.url}${path}`, { method: 'POST', headers, body })
    return [answer.status, await answer.text()] as const
  }

  beforeAll(async () => {
    serving = await startServing({ modelId: TINY, add: addTinyModel })
  })
  afterAll(() => serving.stop())

  it.each(PLACES)(
    'is taken ten deep, and refused in plain words a thousand deep and deeper: %s',
    async (_, path, body) => {
      expect((await answered(path, body(objects(10))))[0]).toBe(200)
      for (const depth of [1000, 100_000]) {
        const [status, says] = await answered(path, body(objects(depth)))
        expect([depth, status, says.includes('within one another')]).toEqual([depth, 400, true])
        expect(says).not.toMatch(/Recursion|Traceback|RangeError/)
      }
    },
  )

  it('is as well served where a client leaves the version away, or has it twice', async () => {
    for (const path of ['/messages', '/v1/messages', '/v1/v1/messages'])
      expect((await answered(path, chat('"stream":false')))[0]).toBe(200)
    const models = (await (await fetch(`${serving.node.url}/models`)).json()) as { object: string; data: object[] }
    expect(models).toMatchObject({ object: 'list', data: [{ id: TINY, object: 'model' }], models: [{ modelId: TINY }] })
  })
})
