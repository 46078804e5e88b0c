import { Ollama } from 'ollama'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ListedModels } from '@main/api/openai/models'
import { statusOf } from '@core/state/status'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'
import { addTinyEmbeddingModel, addTinyModel, TINY, TINY_EMBEDDING } from '../harness/models'

const { modelId: MODEL, width, context } = TINY_EMBEDDING

const lengthOf = (vector: readonly number[]): number => Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))

const differences = (one: readonly number[], other: readonly number[]): number =>
  Math.max(...one.map((value, at) => Math.abs(value - (other[at] ?? NaN))))

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )

describe('a node with an embedding model', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode
  let control: Control
  let openai: OpenAI
  let ollama: Ollama

  beforeAll(async () => {
    Object.assign(folder, temporaryFolder())
    addTinyEmbeddingModel(folder.path)
    addTinyModel(folder.path)
    node = await startHeadless({ dataDir: folder.path, args: ['--ollama-port', '0'] })
    control = new Control(node.url)
    const declared = [await control.declare(MODEL, { name: 'vectors' }), await control.declare(TINY)]
    await control.until('READY', (state) =>
      declared.every(({ metaInstanceId }) => {
        const metaInstance = state.metaInstances[metaInstanceId]
        return metaInstance !== undefined && statusOf(state, metaInstance).status === 'READY'
      }),
    )
    openai = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 })
    ollama = new Ollama({ host: node.url })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  const embedded = async (input: string | string[] | number[] | number[][], more: object = {}) => {
    const { data } = await openai.embeddings.create({ model: MODEL, input, ...more })
    return data.map(({ embedding }) => embedding)
  }

  it('gives OpenAI’s client a vector of unit length for each text, the same alone as among others', async () => {
    const texts = ['one', 'a much longer text than the others are', 'two']
    const { data, usage, model } = await openai.embeddings.create({ model: 'vectors', input: texts })
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(model).toBe('vectors')
    // One token for each byte, and two around them.
    const tokens = texts.reduce((sum, text) => sum + text.length + 2, 0)
    expect(usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens })
    for (const { embedding, index } of data) {
      expect(embedding).toHaveLength(width)
      expect(lengthOf(embedding)).toBeCloseTo(1, 5)
      const [alone = []] = await embedded(texts[index] ?? '')
      expect(differences(embedding, alone)).toBeLessThan(1e-5)
    }
  })

  it('gives the same numbers as floats and as base64', async () => {
    const [asFloats = []] = await embedded('one', { encoding_format: 'float' })
    const [asBase64 = []] = await embedded('one')
    expect(differences(asFloats, asBase64)).toBeLessThan(1e-7)
  })

  it('takes tokens as they are, one list or several', async () => {
    const [[one = []], [first = [], second = []]] = [
      await embedded([1, 20, 21, 2]),
      await embedded([
        [1, 20, 21, 2],
        [1, 22, 2],
      ]),
    ]
    expect(differences(one, first)).toBeLessThan(1e-5)
    expect(differences(first, second)).toBeGreaterThan(1e-3)
  })

  it('shortens vectors to as many numbers as are asked for, at unit length', async () => {
    const [[whole = []], [part = []]] = [await embedded('one'), await embedded('one', { dimensions: 8 })]
    const kept = whole.slice(0, 8)
    expect(
      differences(
        part,
        kept.map((value) => value / lengthOf(kept)),
      ),
    ).toBeLessThan(1e-6)
  })

  it('puts a prompt of the model before texts where a client names it', async () => {
    const [[named = []], [written = []]] = [
      await embedded('one', { prompt_name: 'query' }),
      await embedded('search_query: one'),
    ]
    expect(differences(named, written)).toBeLessThan(1e-5)
  })

  it.each([
    ['a text that is too long', { input: ['short', 'x'.repeat(context)] }, `input[1] has ${context + 2} tokens`],
    ['more numbers than a vector has', { input: 'one', dimensions: width + 1 }, `vectors have ${width}`],
    ['tokens of another model', { input: [100_000] }, 'input[0] has the token 100000'],
    ['a prompt that the model lacks', { input: 'one', prompt_name: 'nobody' }, 'document, query'],
  ])('refuses %s and says which', async (_what, body, says) => {
    const error = await reasonOf(openai.embeddings.create({ model: MODEL, ...body }))
    expect(error).toBeInstanceOf(OpenAI.BadRequestError)
    expect((error as Error).message).toContain(says)
  })

  it('gives Ollama’s client vectors, and cuts what is too long unless that is forbidden', async () => {
    const long = 'x'.repeat(context)
    const answer = await ollama.embed({ model: MODEL, input: ['one', long] })
    const [expected = [], cut = []] = await embedded(['one', 'x'.repeat(context - 2)])
    expect(differences(answer.embeddings[0] ?? [], expected)).toBeLessThan(1e-5)
    expect(differences(answer.embeddings[1] ?? [], cut)).toBeLessThan(1e-5)
    expect(answer.prompt_eval_count).toBe(5 + context)
    const error = await reasonOf(ollama.embed({ model: MODEL, input: long, truncate: false }))
    expect(error).toMatchObject({ name: 'ResponseError', status_code: 400 })
    const { embedding } = await ollama.embeddings({ model: 'vectors', prompt: 'one' })
    expect(differences(embedding, expected)).toBeLessThan(1e-5)
    expect(await ollama.embed({ model: MODEL, input: '' })).toMatchObject({ embeddings: [] })
  })

  it('says which models embed', async () => {
    const { data } = ListedModels.parse(await (await fetch(`${node.url}/v1/models`)).json())
    const kinds = Object.fromEntries(data.map(({ id, muster }) => [id, muster.modelKind]))
    expect(kinds).toMatchObject({ [MODEL]: 'embedding', vectors: 'embedding', [TINY]: 'text' })
    expect(await ollama.show({ model: MODEL })).toMatchObject({ capabilities: ['embedding'] })
  })

  it('refuses a conversation with an embedding model, and embeddings of a model that writes', async () => {
    const messages = [{ role: 'user' as const, content: 'hello' }]
    const chat = await reasonOf(openai.chat.completions.create({ model: MODEL, messages }))
    expect(chat).toMatchObject({ status: 400 })
    expect((chat as Error).message).toContain('/v1/embeddings')
    const embeddings = await reasonOf(openai.embeddings.create({ model: TINY, input: 'one' }))
    expect(embeddings).toMatchObject({ status: 400 })
    expect((embeddings as Error).message).toContain('declare an embedding model')
  })

  it('accounts for requests as for any other, and goes on when a client leaves', async () => {
    const leaving = new AbortController()
    const input = Array.from({ length: 2048 }, (_, at) => `${at} `.repeat(20))
    const left = reasonOf(openai.embeddings.create({ model: MODEL, input }, { signal: leaving.signal }))
    await control.until('Running', ({ tasks }) =>
      Object.values(tasks).some((task) => task.status === 'Running' && task.kind === 'generation'),
    )
    leaving.abort()
    expect(await left).toBeInstanceOf(OpenAI.APIUserAbortError)
    await embedded('one')
    const state = await control.until('Cancelled and Complete', ({ tasks }) => {
      const statuses = Object.values(tasks).map(({ status }) => status)
      return statuses.includes('Cancelled') && !statuses.includes('Running')
    })
    expect(Object.values(state.tasks)).toContainEqual(
      expect.objectContaining({ status: 'Complete', promptTokens: 5, completionTokens: 0 }),
    )
  })
})
