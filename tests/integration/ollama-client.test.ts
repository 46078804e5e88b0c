import { once } from 'node:events'
import { createServer } from 'node:net'
import { Ollama, type Message } from 'ollama'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MetaInstanceView } from '@core/protocols/control'
import { currentInstance } from '@core/state/bindings'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { FakeHub } from '../harness/fake-hub'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyModel, TINY, tinyModel } from '../harness/models'

const HELLO: Message = { role: 'user', content: 'hello' }
const GREEDY = { temperature: 0, num_predict: 12 }
const FROM_HUB = 'muster/from-the-hub'

const CALLED: Message[] = [
  HELLO,
  {
    role: 'assistant',
    content: '',
    thinking: 'They may mean the weather.',
    tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'Paris' } } }],
  },
  { role: 'tool', content: 'sunny', tool_name: 'get_weather' },
]

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )

describe('the official Ollama client with the tiny model', () => {
  const folder = { path: '', dispose: () => {} }
  let hub: FakeHub
  let node: HeadlessNode
  let control: Control
  let client: Ollama
  let declared: MetaInstanceView

  const ready = () =>
    control.until('READY', (state) => {
      const metaInstance = state.metaInstances[declared.metaInstanceId]
      return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
    })

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyModel(folder.path)
    hub = await FakeHub.start()
    hub.add(FROM_HUB, { folder: tinyModel() })
    node = await startHeadless({
      dataDir: folder.path,
      args: ['--ollama-port', '0'],
      env: { HF_ENDPOINT: hub.url, HF_HUB_OFFLINE: '' },
    })
    control = new Control(node.url)
    declared = await control.declare(TINY, { name: 'chat' })
    await ready()
    client = new Ollama({ host: node.ollamaUrl ?? '' })
  })
  afterAll(async () => {
    await node.stop()
    await hub.close()
    folder.dispose()
  })

  it('finds a server at Ollama’s port that is one of Ollama’s', async () => {
    const answer = await fetch(node.ollamaUrl ?? '')
    expect([answer.status, await answer.text()]).toEqual([200, 'Ollama is running'])
    expect((await client.version()).version).toMatch(/^0\.\d+\.\d+$/)
  })

  it('lists the model, says that it runs, and what it can do', async () => {
    const { models } = await client.list()
    expect(models.map(({ name }) => name)).toEqual([TINY, 'chat'])
    expect(models[0]).toMatchObject({ size: expect.any(Number) as number, details: { format: 'safetensors' } })
    const running = await client.ps()
    expect(running.models.map(({ name }) => name)).toEqual([TINY, 'chat'])
    expect(running.models[0]?.size_vram).toBeGreaterThan(0)
    const shown = await client.show({ model: 'chat:latest' })
    expect(shown.capabilities).toContain('completion')
    const info = shown.model_info as unknown as Record<string, unknown>
    expect(info[`${String(info['general.architecture'])}.context_length`]).toBeGreaterThan(100)
  })

  it('chats, whole and in pieces that say the same', async () => {
    const request = { model: 'chat:latest', messages: [HELLO], options: GREEDY }
    const whole = await client.chat(request)
    expect(whole).toMatchObject({ model: 'chat:latest', done: true, done_reason: 'length', eval_count: 12 })
    expect(whole.message.content).toMatch(/\w/)
    expect(whole.total_duration).toBeGreaterThanOrEqual(whole.eval_duration)
    let text = ''
    for await (const { message } of await client.chat({ ...request, stream: true })) text += message.content
    expect(text).toBe(whole.message.content)
  })

  it('keeps to a schema as far as a grammar can tell, and names the rest of it', async () => {
    const format = {
      type: 'object',
      properties: { found: { type: 'boolean' } },
      required: ['found'],
      additionalProperties: false,
      if: { type: 'object' },
    }
    const answer = await fetch(`${node.url}/api/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: TINY, messages: [HELLO], format, stream: false }),
    })
    const { message } = (await answer.json()) as { message: Message }
    expect(Object.keys(JSON.parse(message.content) as object)).toEqual(['found'])
    expect(answer.headers.get('x-muster-ignored-fields')).toBe('format.if')
  })

  it('takes a conversation with thoughts, tools and their results', async () => {
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object' } } }]
    const answer = await client.chat({ model: TINY, messages: CALLED, tools, options: GREEDY })
    expect(answer.prompt_eval_count).toBeGreaterThan(20)
    expect(answer.done).toBe(true)
  })

  it('generates from a prompt, whole and in pieces, with the template and without', async () => {
    const request = { model: TINY, prompt: 'hello', options: GREEDY }
    const whole = await client.generate(request)
    let text = ''
    for await (const { response } of await client.generate({ ...request, stream: true })) text += response ?? ''
    expect(text).toBe(whole.response)
    const raw = await client.generate({ ...request, raw: true })
    expect(raw.prompt_eval_count).toBeLessThan(whole.prompt_eval_count)
  })

  it('has a model loaded by asking it nothing', async () => {
    expect(await client.generate({ model: TINY, prompt: '' })).toMatchObject({ done: true, done_reason: 'load' })
    expect(await client.chat({ model: TINY, messages: [] })).toMatchObject({ done: true, done_reason: 'load' })
  })

  it('pulls a model from the hub with numbers to be seen, and deletes it', async () => {
    const lines = []
    for await (const line of await client.pull({ model: FROM_HUB, stream: true })) lines.push(line)
    expect(lines.at(0)).toEqual({ status: 'pulling manifest' })
    expect(lines.at(-1)).toEqual({ status: 'success' })
    expect((await (await control.request('/models')).text()).includes(FROM_HUB)).toBe(true)
    await client.delete({ model: FROM_HUB })
    expect((await (await control.request('/models')).text()).includes(FROM_HUB)).toBe(false)
  })

  it.each([
    ['a model that nobody declared', () => client.chat({ model: 'llama3', messages: [HELLO] }), 404, 'llama3'],
    [
      'an option of the wrong kind',
      () => client.chat({ model: TINY, messages: [HELLO], format: 'yaml' }),
      400,
      'format',
    ],
    ['a suffix', () => client.generate({ model: TINY, prompt: 'a', suffix: 'b' }), 400, 'suffix'],
    [
      'an embedding from a model that makes none',
      () => client.embed({ model: TINY, input: 'hello' }),
      400,
      'embeddings',
    ],
    ['a model that no hub has', () => client.pull({ model: 'nobody/nothing' }), 404, 'nobody/nothing'],
    ['the deletion of a model that is in use', () => client.delete({ model: 'chat' }), 409, 'in use'],
    ['the making of a model', () => client.create({ model: 'x', from: TINY }), 400, 'Creating models is not supported'],
    [
      'the copy of a model',
      () => client.copy({ source: TINY, destination: 'x' }),
      400,
      'Copying models is not supported',
    ],
  ])('raises what is wrong with %s', async (_what, ask, status, says) => {
    const error = await reasonOf(ask())
    expect(error).toMatchObject({ name: 'ResponseError', status_code: status })
    expect((error as Error).message).toContain(says)
  })

  it('raises an error in the midst of a stream when the runner dies', async () => {
    const state = await ready()
    const shard = currentInstance(state, declared.metaInstanceId)?.shards[0]
    const pid = shard && state.runners[shard.runnerId]?.pid
    if (pid === undefined) throw new Error('no runner')
    // Greedy: random sampling could draw the end token before the kill.
    const options = { ...GREEDY, num_predict: 4000 }
    const stream = await client.generate({ model: TINY, prompt: 'hello', stream: true, options })
    let killed = false
    const read = async (): Promise<void> => {
      for await (const { response } of stream) if (response !== '' && !killed) killed = process.kill(pid, 'SIGKILL')
    }
    expect((await reasonOf(read())) as Error).toMatchObject({ message: expect.stringMatching(/\w{5}/) as string })
    await ready()
  })

  it('may say nothing of its body’s type where it is no page of a browser', async () => {
    const body = JSON.stringify({ model: TINY, prompt: 'hello', stream: false, options: GREEDY })
    const ask = (headers: Record<string, string>) =>
      fetch(`${node.url}/api/generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body,
      })
    expect((await ask({})).status).toBe(200)
    expect((await ask({ origin: node.url })).status).toBe(415)
    expect((await ask({ origin: 'https://evil.example' })).status).toBe(403)
  })

  it('finds a node that runs where Ollama’s port is taken, which says so', async () => {
    const other = createServer()
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const second = temporaryFolder()
    const neighbour = await startHeadless({ dataDir: second.path, env: { MUSTER_OLLAMA_PORT: String(port) } })
    expect(neighbour.ollamaUrl).toBeUndefined()
    expect((await fetch(`${neighbour.url}/api/version`)).status).toBe(200)
    expect(neighbour.stderr()).toContain(String(port))
    await neighbour.stop()
    other.close()
    second.dispose()
  })
})
