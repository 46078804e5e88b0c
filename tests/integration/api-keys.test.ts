import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiKeysResponse, CreatedApiKey, UsageResponse } from '@core/protocols/api-keys'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY } from '../harness/models'

describe('an API key', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control

  const begin = async (): Promise<void> => {
    node = await startHeadless({ dataDir: folder.path })
    control = new Control(node.url)
  }
  const ready = () =>
    control.until('READY', (state) => {
      const [declared] = Object.values(state.metaInstances)
      return declared !== undefined && statusOf(state, declared).status === 'READY'
    })

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    await begin()
    await control.declare(TINY, { name: 'tiny' })
    await ready()
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const create = async (name: string, limits?: object) => {
    const response = await control.request('/api_keys', { method: 'POST', json: { name, ...(limits && { limits }) } })
    return CreatedApiKey.parse(await response.json())
  }
  const listed = async (apiKeyId: string) => {
    const { apiKeys } = ApiKeysResponse.parse(await (await control.request('/api_keys')).json())
    return apiKeys.find((one) => one.apiKeyId === apiKeyId)
  }
  const messages = [{ role: 'user', content: 'hello' }]
  const post = (path: string, key: string | undefined, body: object): Promise<Response> =>
    fetch(`${node.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'editor/1.0',
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ model: TINY, messages, ...body }),
    })
  const chat = (key: string | undefined, more: object = {}) =>
    post('/v1/chat/completions', key, { max_tokens: 4, temperature: 0, ...more })

  it('has its own responses and answers alone: to another key they are not there', async () => {
    const of = ({ key }: { readonly key: string }) =>
      new OpenAI({ baseURL: `${node.url}/v1`, apiKey: key, maxRetries: 0 })
    const [mineKey, anotherKey] = [await create('mine'), await create('another')]
    const [mine, another] = [of(mineKey), of(anotherKey)]
    const first = { model: 'tiny', input: 'My number is 4711', max_output_tokens: 16 }
    const { id, output } = await mine.responses.create(first)
    const [item] = output
    if (item?.id === undefined || item.id === null) throw new Error('an item was put out')
    const reference = [{ type: 'item_reference' as const, id: item.id }]

    await expect(another.responses.retrieve(id)).rejects.toMatchObject({ status: 404 })
    await expect(another.responses.create({ ...first, previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    await expect(another.responses.create({ ...first, input: reference })).rejects.toMatchObject({ status: 400 })
    await expect(another.responses.delete(id)).rejects.toMatchObject({ status: 404 })

    const next = { ...first, previous_response_id: id }
    const alone = await mine.responses.inputTokens.count({ model: 'tiny', input: first.input })
    const both = await mine.responses.inputTokens.count(next)
    expect(both.input_tokens).toBeGreaterThan(alone.input_tokens)
    expect((await mine.responses.create(next)).usage?.input_tokens).toBe(both.input_tokens)
    expect((await mine.responses.create({ ...first, input: reference })).id).not.toBe(id)

    const endless = { ...first, max_output_tokens: 1500, ignore_eos: true }
    const stream = await mine.responses.create({ ...endless, stream: true })
    let begun: string | undefined
    for await (const event of stream) {
      if (event.type !== 'response.created') continue
      begun = event.response.id
      expect((await post(`/v1/responses/${begun}/cancel`, anotherKey.key, {})).status).toBe(404)
      expect((await post(`/v1/responses/${begun}/cancel`, mineKey.key, {})).status).toBe(200)
    }
    expect(begun).toBeDefined()
  })

  it('is held to its requests a minute, and every dialect says so in its own form', async () => {
    const { key } = await create('limited', { requestsPerMinute: 2 })
    const first = await chat(key)
    expect([first.status, first.headers.get('x-ratelimit-limit-requests')]).toEqual([200, '2'])
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    const streamed = await chat(key, { stream: true })
    expect(streamed.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect(streamed.headers.get('x-ratelimit-reset-requests')).toMatch(/^(\d+ms|[\d.]+s|\d+m\d+s)$/)
    await streamed.text()

    const refused = await chat(key)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    const error = { type: 'rate_limit_error', code: 'rate_limit_exceeded' }
    expect(await refused.json()).toMatchObject({ error })
    const anthropic = await post('/v1/messages', key, { max_tokens: 4 })
    expect([anthropic.status, await anthropic.json()]).toMatchObject([429, { error: { type: 'rate_limit_error' } }])
    const ollama = await post('/api/chat', key, { stream: false })
    expect([ollama.status, await ollama.json()]).toMatchObject([
      429,
      { error: expect.stringContaining('limit') as string },
    ])
    const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: key, maxRetries: 0 })
    await expect(client.models.list()).resolves.toBeDefined()
    await expect(
      client.chat.completions.create({ model: TINY, messages: [{ role: 'user', content: 'x' }] }),
    ).rejects.toBeInstanceOf(OpenAI.RateLimitError)
    // The limits of one key are nobody else's.
    expect((await chat(undefined)).status).toBe(200)
    expect((await chat((await create('other')).key)).headers.get('x-ratelimit-limit-requests')).toBeNull()
  })

  it('is held to its tokens, which are settled by what the answer really was', async () => {
    const { key } = await create('tokens', { tokensPerMinute: 30 })
    const answer = await chat(key, { max_tokens: 20, messages: [{ role: 'user', content: 'long '.repeat(30) }] })
    const { usage } = (await answer.json()) as { usage: { total_tokens: number } }
    expect(usage.total_tokens).toBeGreaterThan(30)
    const refused = await chat(key)
    expect([refused.status, refused.headers.get('x-ratelimit-remaining-tokens')]).toEqual([429, '0'])
  })

  it('has so many requests at a time, and room again when one has ended or its client is gone', async () => {
    const { key } = await create('concurrent', { concurrent: 1 })
    const leaving = new AbortController()
    const long = await fetch(`${node.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      // Many at once take long, on a fast machine too.
      body: JSON.stringify({ model: TINY, messages, max_tokens: 1900, n: 16, stream: true, ignore_eos: true }),
      signal: leaving.signal,
    })
    expect([long.status, (await chat(key)).status]).toEqual([200, 429])
    leaving.abort()
    await expect.poll(async () => (await chat(key)).status, { timeout: 30_000 }).toBe(200)
    expect((await chat(key)).status).toBe(200)
  })

  it('is renamed and limited anew, and what is wrong is refused by name', async () => {
    const { apiKeyId } = await create('first name')
    const patch = (json: unknown) => control.request(`/api_keys/${apiKeyId}`, { method: 'PATCH', json })
    expect((await patch({ name: 'second name', limits: { requests_per_minute: 5 } })).status).toBe(200)
    expect(await listed(apiKeyId)).toMatchObject({ name: 'second name', limits: { requestsPerMinute: 5 } })
    for (const [bad, named] of [
      [{ limits: { concurrent: 0 } }, 'limits.concurrent'],
      [{ limits: { tokensPerMinute: 1.5 } }, 'limits.tokensPerMinute'],
      [{ limits: { perHour: 3 } }, 'perHour'],
      [{ name: '' }, 'name'],
    ] as const) {
      const refused = await patch(bad)
      expect(refused.status).toBe(400)
      expect(await refused.text()).toContain(named)
    }
    expect((await patch({ limits: null })).status).toBe(200)
    expect(await listed(apiKeyId)).not.toHaveProperty('limits')
    const unknown = await control.request('/api_keys/gone', { method: 'PATCH', json: { name: 'x' } })
    expect(unknown.status).toBe(404)
  })

  it('has its usage counted by model, also by the declaration’s name and over a restart, until it is revoked', async () => {
    const { apiKeyId, key } = await create('counted')
    const used = { prompt_tokens: 0, completion_tokens: 0 }
    for (const model of [TINY, 'tiny']) {
      const { usage } = (await (await chat(key, { model, n: 2 })).json()) as { usage: typeof used }
      used.prompt_tokens += usage.prompt_tokens
      used.completion_tokens += usage.completion_tokens
    }
    await (await chat(key, { model: 'nobody/knows' })).text()
    await (await chat(undefined)).text()
    const counts = { requests: 4, promptTokens: used.prompt_tokens, completionTokens: used.completion_tokens }
    const expected = {
      total: counts,
      month: counts,
      models: [{ modelId: TINY, total: counts }],
      userAgent: 'editor/1.0',
    }
    expect((await listed(apiKeyId))?.usage).toMatchObject(expected)

    await node.stop()
    await begin()
    expect((await listed(apiKeyId))?.usage).toMatchObject(expected)
    const { keys } = UsageResponse.parse(await (await control.request('/usage')).json())
    expect(keys.find((one) => one.apiKeyId === apiKeyId)).toMatchObject({ name: 'counted', total: counts })
    expect(keys.find((one) => one.apiKeyId === undefined)?.total.requests).toBeGreaterThan(0)

    await control.request(`/api_keys/${apiKeyId}`, { method: 'DELETE' })
    await node.stop()
    expect(readFileSync(join(folder.path, 'usage.json'), 'utf8')).not.toContain(apiKeyId)
    await begin()
  })
})
