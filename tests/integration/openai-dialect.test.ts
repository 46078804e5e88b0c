import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

const HI = [{ role: 'user' as const, content: 'Hi' }]
const CHAT = { model: TINY, messages: HI, temperature: 0, max_tokens: 4 }

describe('OpenAI’s dialect with the tiny model', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control
  let client: OpenAI

  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${node.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
    const { metaInstanceId } = await control.declare(TINY)
    await control.until('READY', (state) => {
      const declared = state.metaInstances[metaInstanceId]
      return declared !== undefined && statusOf(state, declared).word === 'READY'
    })
    client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it.each(['/v1/chat/completions', '/chat/completions', '/v1/chat/completions/', '/chat/completions/'])(
    'answers at %s, and refuses in OpenAI’s form',
    async (path) => {
      expect((await post(path, CHAT)).status).toBe(200)
      const refused = await post(path, { model: 'nobody/nothing', messages: HI })
      expect([refused.status, await refused.json()]).toEqual([
        404,
        { error: expect.objectContaining({ type: 'not_found_error', param: 'model' }) as unknown },
      ])
    },
  )

  it('leaves the routes of the app to the app', async () => {
    expect(await (await fetch(`${node.url}/models`)).json()).toHaveProperty('models')
  })

  it('names what it ignores in a header, also when it streams', async () => {
    for (const stream of [false, true]) {
      const answer = await post('/v1/chat/completions', {
        ...CHAT,
        stream,
        keep_alive: '5m',
        tools: [{ type: 'web_search' }],
      })
      await answer.text()
      expect([answer.status, answer.headers.get('x-muster-ignored-fields')]).toEqual([
        200,
        'keep_alive, tools.web_search',
      ])
    }
  })

  it('names what it ignores within other fields, of thoughts that the model has not, and of a loose schema', async () => {
    const schema = { type: 'array', items: { type: 'boolean' }, maxItems: 1, uniqueItems: true }
    const answer = await post('/v1/chat/completions?stream=true', {
      ...CHAT,
      messages: [{ role: 'user', content: 'hi', mood: 'good' }],
      reasoning_effort: 'high',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema } },
    })
    const names = answer.headers.get('x-muster-ignored-fields')?.split(', ') ?? []
    expect([answer.status, names]).toEqual([
      200,
      ['messages.mood', '%3Fstream', 'response_format.uniqueItems', 'reasoning_effort'],
    ])
  })

  it('refuses by name a bias of a token that the model has not, and two tools of one name', async () => {
    const bias = await post('/v1/chat/completions', { ...CHAT, logit_bias: { 999_999: 1 } })
    expect([bias.status, await bias.text()]).toEqual([400, expect.stringContaining('logit_bias has the token 999999')])
    const tool = { type: 'function', function: { name: 'f' } }
    const twins = await post('/v1/chat/completions', { ...CHAT, tools: [tool, tool] })
    expect([twins.status, await twins.text()]).toEqual([400, expect.stringContaining('two tools are named')])
  })

  it('blames the field that holds what is too long', async () => {
    const long = 'x '.repeat(9000)
    for (const [path, body, param] of [
      ['/v1/chat/completions', { messages: [{ role: 'user', content: long }] }, 'messages'],
      ['/v1/responses', { input: long }, 'input'],
      ['/v1/responses', { input: long, stream: true }, 'input'],
      ['/v1/completions', { prompt: long }, 'prompt'],
      ['/v1/completions', { prompt: long, stream: true }, 'prompt'],
    ] as const) {
      const answer = await post(path, { model: TINY, ...body })
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { error: { code: 'context_length_exceeded', param } },
      ])
    }
  })

  it('clamps a limit beyond the room', async () => {
    const completion = await client.chat.completions.create({
      ...CHAT,
      max_tokens: 3,
      max_completion_tokens: 32_000,
      stop: [...'aeiou .,rstlnmhd'],
    })
    expect(completion.choices[0]?.finish_reason).toBe('stop')
  })

  describe('with several choices', () => {
    const choices = { ...CHAT, temperature: 1, seed: 3, n: 3 }

    it('gives different texts for one seed, the same each time, and counts the prompt once', async () => {
      const draw = () => client.chat.completions.create(choices)
      const [first, second] = await Promise.all([draw(), draw()])
      const texts = first.choices.map(({ message }) => message.content)
      expect(first.choices.map(({ index }) => index)).toEqual([0, 1, 2])
      expect(new Set(texts).size).toBe(3)
      expect(second.choices.map(({ message }) => message.content)).toEqual(texts)
      const one = await client.chat.completions.create({ ...choices, n: 1 })
      expect(one.choices[0]?.message.content).toBe(texts[0])
      expect(first.usage?.prompt_tokens).toBe(one.usage?.prompt_tokens)
      expect(first.usage?.completion_tokens).toBe(12)
    })

    it('streams the same texts as one stream that ends once', async () => {
      const whole = await client.chat.completions.create(choices)
      const stream = await client.chat.completions.create({
        ...choices,
        stream: true,
        stream_options: { include_usage: true },
      })
      const texts = ['', '', '']
      const reasons: string[] = []
      let usage: OpenAI.CompletionUsage | null | undefined
      for await (const chunk of stream) {
        usage = chunk.usage ?? usage
        for (const { index, delta, finish_reason } of chunk.choices) {
          texts[index] += delta.content ?? ''
          if (finish_reason) reasons.push(finish_reason)
        }
      }
      expect(texts).toEqual(whole.choices.map(({ message }) => message.content))
      expect([reasons.length, usage?.completion_tokens]).toEqual([3, 12])
    })
  })

  describe('a tool that must be called', () => {
    const parameters = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    }
    const weather = { name: 'weather', parameters }
    const OK: unknown = expect.objectContaining({ ok: expect.any(Boolean) as unknown })

    it('is called with arguments of its schema, and the official client puts its deltas together', async () => {
      const stream = client.chat.completions.stream({
        ...CHAT,
        max_tokens: 200,
        tools: [{ type: 'function', function: weather }],
        tool_choice: { type: 'function', function: { name: 'weather' } },
      })
      const [choice] = (await stream.finalChatCompletion()).choices
      const [call] = choice?.message.tool_calls ?? []
      expect([choice?.finish_reason, call?.function.name]).toEqual(['tool_calls', 'weather'])
      expect(JSON.parse(call?.function.arguments ?? '')).toEqual(OK)
    })

    it('is an item of a response, whose result can be given to the next one', async () => {
      const tools = [{ type: 'function' as const, ...weather, strict: true }]
      const request = { model: TINY, temperature: 0, max_output_tokens: 200, tools }
      const first = await client.responses.stream({ ...request, input: 'Hi', tool_choice: 'required' }).finalResponse()
      const [call] = first.output.filter(({ type }) => type === 'function_call')
      expect(call?.type === 'function_call' && JSON.parse(call.arguments)).toEqual(OK)
      const call_id = call?.type === 'function_call' ? call.call_id : ''
      const next = await client.responses.create({
        ...request,
        max_output_tokens: 5,
        tool_choice: 'none',
        previous_response_id: first.id,
        input: [{ type: 'function_call_output', call_id, output: 'sunny' }],
      })
      const begun = await client.responses.create({
        ...request,
        input: 'Hi',
        max_output_tokens: 5,
        tool_choice: 'none',
      })
      expect(next.usage?.input_tokens).toBeGreaterThan(begun.usage?.input_tokens ?? Infinity)
    })
  })

  describe('completions', () => {
    const ONCE = { model: TINY, temperature: 0, max_tokens: 6 }

    it('continue each of several prompts, with the prompt before it where asked', async () => {
      const [both, one] = await Promise.all([
        client.completions.create({ ...ONCE, prompt: ['Once upon', 'The cat'], echo: true }),
        client.completions.create({ ...ONCE, prompt: 'The cat' }),
      ])
      expect(both.choices.map(({ text }) => text.slice(0, 7))).toEqual(['Once up', 'The cat'])
      expect(both.choices[1]?.text).toBe(`The cat${one.choices[0]?.text ?? ''}`)
      expect([one.object, one.choices[0]?.finish_reason, one.usage?.completion_tokens]).toEqual([
        'text_completion',
        'length',
        6,
      ])
    })

    it('stream the same text', async () => {
      const whole = await client.completions.create({ ...ONCE, prompt: 'The cat' })
      let text = ''
      for await (const chunk of await client.completions.create({ ...ONCE, prompt: 'The cat', stream: true }))
        text += chunk.choices[0]?.text ?? ''
      expect(text).toBe(whole.choices[0]?.text)
    })

    it('list log probabilities in their old form', async () => {
      const { choices } = await client.completions.create({ ...ONCE, prompt: 'The cat', logprobs: 2 })
      const { tokens, top_logprobs, text_offset, token_logprobs } = choices[0]?.logprobs ?? {}
      expect([tokens?.length, token_logprobs?.length, text_offset?.[0]]).toEqual([6, 6, 0])
      for (const top of top_logprobs ?? []) expect(Object.keys(top).length).toBeLessThanOrEqual(2)
    })
  })

  describe('responses', () => {
    const SAY = { model: TINY, temperature: 0, max_output_tokens: 5 }

    it('stream to the end what they give whole', async () => {
      const whole = await client.responses.create({ ...SAY, input: 'Hi' })
      const streamed = await client.responses.stream({ ...SAY, input: 'Hi' }).finalResponse()
      expect(streamed.output_text).toBe(whole.output_text)
      expect(whole.output_text.length).toBeGreaterThan(0)
      expect([whole.status, whole.incomplete_details?.reason, whole.usage?.output_tokens]).toEqual([
        'incomplete',
        'max_output_tokens',
        5,
      ])
    })

    it('go on from one another like the whole conversation at once, streamed or not', async () => {
      const first = await client.responses.stream({ ...SAY, input: 'Hi' }).finalResponse()
      const next = await client.responses.create({ ...SAY, input: 'And?', previous_response_id: first.id })
      const together = await client.responses.create({
        ...SAY,
        input: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: first.output_text },
          { role: 'user', content: 'And?' },
        ],
      })
      expect([next.output_text, next.usage?.input_tokens]).toEqual([together.output_text, together.usage?.input_tokens])
    })

    it('can be asked for again until they are deleted, unless they were not to be kept', async () => {
      const { id } = await client.responses.create({ ...SAY, input: 'Hi' })
      expect((await client.responses.retrieve(id)).id).toBe(id)
      await client.responses.delete(id)
      await expect(client.responses.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
      const secret = await client.responses.create({ ...SAY, input: 'Hi', store: false })
      await expect(client.responses.create({ ...SAY, input: 'So?', previous_response_id: secret.id })).rejects.toThrow(
        'Send the whole conversation',
      )
    })
  })

  it('cancels an answer by its id, whose stream then ends in order', async () => {
    const endless = { ...CHAT, max_tokens: 4000, ignore_eos: true }
    const stream = await client.chat.completions.create({ ...endless, stream: true })
    let cancelled: number | undefined
    let reason: string | null | undefined
    for await (const chunk of stream) {
      cancelled ??= (await post(`/v1/cancel/${chunk.id}`, {})).status
      reason = chunk.choices[0]?.finish_reason ?? reason
    }
    expect([cancelled, reason]).toEqual([200, 'stop'])
    expect((await post('/v1/cancel/nothing', {})).status).toBe(404)
  })

  it('cancels a response by the official client, which gets it back as cancelled', async () => {
    const stream = await client.responses.create({
      ...{ model: CHAT.model, input: 'Hi', max_output_tokens: 4000, stream: true },
      ...{ ignore_eos: true },
    })
    let cancelled: OpenAI.Responses.Response | undefined
    let last: OpenAI.Responses.ResponseStreamEvent | undefined
    for await (const event of stream) {
      if (event.type === 'response.created') cancelled = await client.responses.cancel(event.response.id)
      last = event
    }
    expect(cancelled).toMatchObject({ object: 'response', status: 'cancelled', model: CHAT.model })
    expect(last).toMatchObject({ type: 'response.incomplete', response: { id: cancelled?.id, status: 'cancelled' } })
  })
})
