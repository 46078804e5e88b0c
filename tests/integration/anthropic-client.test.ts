import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { currentInstance } from '@core/state/bindings'
import { statusOf } from '@core/state/status'
import type { MetaInstanceView } from '@core/protocols/control'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const HELLO: Anthropic.MessageParam = { role: 'user', content: 'hello' }
/** Sampled greedily: a model with random weights may otherwise end its answer at any token. */
const PLAIN = { model: TINY, messages: [HELLO], max_tokens: 12, temperature: 0 }

const WEATHER: Anthropic.Tool = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
}
const WITH_TOOLS: Anthropic.MessageParam[] = [
  HELLO,
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'They may mean the weather.', signature: 'x' },
      { type: 'text', text: 'I look it up.' },
      { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Paris' } },
      { type: 'tool_use', id: 'toolu_2', name: 'get_weather', input: { city: 'Rome' } },
    ],
  },
  {
    role: 'user',
    content: [
      { type: 'tool_result', tool_use_id: 'toolu_1', content: 'sunny' },
      { type: 'tool_result', tool_use_id: 'toolu_2', content: [{ type: 'text', text: 'no network' }], is_error: true },
      { type: 'text', text: 'Which is warmer?', cache_control: { type: 'ephemeral' } },
    ],
  },
]

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )

type PromptUsage = Pick<Anthropic.MessageDeltaUsage, 'input_tokens' | 'cache_read_input_tokens'>

describe('the official Anthropic client with the tiny model', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control
  let client: Anthropic
  let declared: MetaInstanceView

  const ready = () =>
    control.until('READY', (state) => {
      const metaInstance = state.metaInstances[declared.metaInstanceId]
      return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
    })

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    declared = await control.declare(TINY, { name: 'claude-local' })
    await ready()
    client = new Anthropic({ baseURL: node.url, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('lists and finds the model under its id and its name', async () => {
    const page = await client.models.list()
    expect(page.data.map(({ id }) => id)).toEqual([TINY, 'claude-local'])
    expect(page.hasNextPage()).toBe(false)
    const model = await client.models.retrieve('claude-local')
    expect(model).toMatchObject({ type: 'model', id: 'claude-local' })
    expect(Date.parse(model.created_at)).toBeGreaterThan(0)
  })

  it('gets a message, its reason to end and its usage', async () => {
    const message = await client.messages.create(PLAIN)
    expect(message).toMatchObject({ type: 'message', role: 'assistant', model: TINY, stop_reason: 'max_tokens' })
    expect(message.content).toMatchObject([{ type: 'text', text: expect.stringMatching(/\w/) as string }])
    expect(message.usage.output_tokens).toBe(12)
    expect(message._request_id).toMatch(/^req_/)
  })

  it('streams the message that it gets without streaming, by either of the client’s ways', async () => {
    const request = { ...PLAIN, model: 'claude-local', top_k: 1 }
    const whole = await client.messages.create(request)
    const streamed = client.messages.stream(request)
    let text = ''
    streamed.on('text', (more) => (text += more))
    const final = await streamed.finalMessage()
    expect(streamed.request_id).toMatch(/^req_/)
    expect(final.content).toEqual(whole.content)
    expect(whole.content).toMatchObject([{ text }])
    expect([final.stop_reason, final.usage.output_tokens]).toEqual(['max_tokens', 12])
    const used = final.usage.input_tokens + (final.usage.cache_read_input_tokens ?? 0)
    expect(used).toBe(whole.usage.input_tokens + (whole.usage.cache_read_input_tokens ?? 0))
    const types: string[] = []
    for await (const { type } of await client.beta.messages.create({ ...request, stream: true })) types.push(type)
    expect([types.at(0), types.at(1), types.at(-1)]).toEqual(['message_start', 'content_block_start', 'message_stop'])
  })

  it('tells the tokens of the prompt at the start of a stream as at its end', async () => {
    const prompt = ({ input_tokens, cache_read_input_tokens }: PromptUsage) => [input_tokens, cache_read_input_tokens]
    const told: (number | null)[][] = []
    for await (const event of await client.messages.create({ ...PLAIN, stream: true })) {
      if (event.type === 'message_start') told.push(prompt(event.message.usage))
      if (event.type === 'message_delta') told.push(prompt(event.usage))
    }
    expect(told).toHaveLength(2)
    expect(told[0]).toEqual(told[1])
    expect((told[0] ?? []).reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0)).toBeGreaterThan(0)
  })

  it('takes a conversation with thoughts, tools and their results, and counts its tokens as they are used', async () => {
    const conversation = { model: TINY, system: 'Be brief.', tools: [WEATHER], messages: WITH_TOOLS }
    const message = await client.messages.create({ ...conversation, max_tokens: 4 })
    const { input_tokens } = await client.messages.countTokens(conversation)
    expect(input_tokens).toBe(message.usage.input_tokens + (message.usage.cache_read_input_tokens ?? 0))
    expect((await client.messages.countTokens({ model: TINY, messages: [HELLO] })).input_tokens).toBeLessThan(
      input_tokens,
    )
  })

  it('has an answer continued that it began', async () => {
    const begun = await client.messages.create({ ...PLAIN, messages: [HELLO, { role: 'assistant', content: 'It is' }] })
    expect(begun.content).toMatchObject([{ type: 'text', text: expect.not.stringContaining('It is') as string }])
  })

  it('is told in a header what was ignored', async () => {
    const search = { type: 'web_search_20250305' as const, name: 'web_search' as const }
    const { response } = await client.messages.create({ ...PLAIN, tools: [search], speed: 'fast' }).withResponse()
    expect(response.headers.get('x-muster-ignored-fields')).toBe('speed, tools.web_search_20250305')
  })

  it.each([
    ['a model that nobody declared', { model: 'claude-of-another-day' }, 404, 'not_found_error', 'ANTHROPIC_MODEL'],
    ['no tokens at all', { max_tokens: 0 }, 400, 'invalid_request_error', 'max_tokens'],
    [
      'a prompt that is too long',
      { messages: [{ role: 'user' as const, content: 'word '.repeat(30_000) }] },
      400,
      'invalid_request_error',
      'prompt is too long',
    ],
  ])('raises what is wrong with %s, streaming or not', async (_what, wrong, status, type, says) => {
    for (const stream of [false, true]) {
      const error = await reasonOf(client.messages.create({ ...PLAIN, ...wrong, stream }))
      expect(error).toBeInstanceOf(Anthropic.APIError)
      expect(error).toMatchObject({ status, type, message: expect.stringContaining(says) as string })
      expect((error as InstanceType<typeof Anthropic.APIError>).requestID).toMatch(/^req_/)
    }
  })

  it('raises an error in the midst of a stream when the runner dies', async () => {
    const state = await ready()
    const shard = currentInstance(state, declared.metaInstanceId)?.shards[0]
    const pid = shard && state.runners[shard.runnerId]?.pid
    if (pid === undefined) throw new Error('no runner')
    // Without chance, which may draw the end at once.
    const certain = { temperature: 0 }
    const stream = await client.messages.create({ ...PLAIN, ...certain, max_tokens: 4000, stream: true })
    let killed = false
    const read = async (): Promise<void> => {
      for await (const { type } of stream) {
        if (type === 'content_block_delta' && !killed) killed = process.kill(pid, 'SIGKILL')
      }
    }
    const error = await reasonOf(read())
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(error).toMatchObject({ type: 'overloaded_error' })
    await ready()
  })
})
