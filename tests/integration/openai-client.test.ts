import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addStarterModel, STARTER } from '../harness/models'

const FRANCE = [{ role: 'user' as const, content: 'What is the capital of France?' }]

describe('the official OpenAI client with the starter model', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let client: OpenAI

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addStarterModel(folder.path)
    node = await startHeadless({ dataDir: folder.path })
    const control = new Control(node.url)
    const { metaInstanceId } = await control.declare(STARTER, { name: 'starter' })
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

  it('lists the model under its id and its name', async () => {
    const models = await client.models.list()
    expect(models.data.map(({ id }) => id)).toEqual(expect.arrayContaining([STARTER, 'starter']))
  })

  it('gets the answer, its reason to end and its usage', async () => {
    const completion = await client.chat.completions.create({ model: STARTER, messages: FRANCE, temperature: 0 })
    expect(completion.choices[0]?.message.content).toBe('The capital of France is Paris.')
    expect(completion.choices[0]?.finish_reason).toBe('stop')
    expect(completion.usage?.completion_tokens).toBeGreaterThan(4)
    expect(completion.usage?.total_tokens).toBe(
      (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0),
    )
  })

  it('streams the same text, with the usage last where it was asked for', async () => {
    const stream = await client.chat.completions.create({
      model: 'starter',
      messages: FRANCE,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    let reason: string | null | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      reason = chunk.choices[0]?.finish_reason ?? reason
      usage = chunk.usage ?? usage
    }
    expect([text, reason]).toEqual(['The capital of France is Paris.', 'stop'])
    // The second time the prompt is already computed.
    expect(usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0)
  })

  it('stops before a stop string', async () => {
    const completion = await client.chat.completions.create({
      model: STARTER,
      messages: FRANCE,
      temperature: 0,
      stop: [' Paris'],
    })
    expect(completion.choices[0]?.message.content).toBe('The capital of France is')
  })

  it('draws the same text for the same seed', async () => {
    const draw = async () => {
      const request = { model: STARTER, messages: FRANCE, temperature: 1, seed: 7, max_tokens: 12 }
      return (await client.chat.completions.create(request)).choices[0]?.message.content
    }
    const [first, second] = await Promise.all([draw(), draw()])
    expect(first).toBe(second)
  })

  it('gives log probabilities with alternatives', async () => {
    const completion = await client.chat.completions.create({
      model: STARTER,
      messages: FRANCE,
      temperature: 0,
      max_tokens: 3,
      logprobs: true,
      top_logprobs: 2,
    })
    const content = completion.choices[0]?.logprobs?.content ?? []
    expect(content.map(({ token }) => token).join('')).toBe('The capital of')
    for (const { logprob, top_logprobs } of content) {
      expect(logprob).toBeLessThanOrEqual(0)
      expect(top_logprobs).toHaveLength(2)
      expect(top_logprobs[0]?.logprob).toBeCloseTo(logprob, 3)
    }
  })

  it('ends with length at the limit', async () => {
    const completion = await client.chat.completions.create({
      model: STARTER,
      messages: FRANCE,
      temperature: 0,
      max_tokens: 2,
    })
    expect(completion.choices[0]?.finish_reason).toBe('length')
    expect(completion.usage?.completion_tokens).toBe(2)
  })

  it.each([
    ['an unknown model', { model: 'nobody/nothing' }, 404],
    ['a hundred choices', { n: 100 }, 400],
    ['a context that is too long', { messages: [{ role: 'user' as const, content: 'word '.repeat(9000) }] }, 400],
    ['a temperature out of range', { temperature: 99 }, 400],
  ])('is told what is wrong with %s', async (_what, wrong, status) => {
    const request = { model: STARTER, messages: FRANCE, max_tokens: 2, ...wrong }
    const error = await client.chat.completions.create(request).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect((error as InstanceType<typeof OpenAI.APIError>).status).toBe(status)
    expect((error as Error).message.length).toBeGreaterThan(20)
  })
})
