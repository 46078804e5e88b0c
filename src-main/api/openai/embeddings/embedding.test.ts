import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '@core/generation/stream'
import { collectEmbeddings } from '../../answering/embeddings'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { toEmbeddings, toRequest } from './embedding'
import { EmbeddingRequest } from './schema'

const usage = { promptTokens: 4, cachedTokens: 0, completionTokens: 0 }
const parsed = (fields: object) => parseWith(EmbeddingRequest, { model: 'm', input: 'hi', ...fields })
const finished: GenerationUpdate = { type: 'finished', reason: 'stop', usage }
const item = (index: number, ...values: number[]) => ({
  index,
  vector: Buffer.from(new Float32Array(values).buffer).toString('base64'),
})
const vector = (index: number, ...values: number[]): GenerationUpdate => ({
  type: 'embeddings',
  items: [item(index, ...values)],
})

async function* updates(...all: GenerationUpdate[]) {
  yield* await Promise.resolve(all)
}

describe('an embedding request', () => {
  it.each([
    ['hi', ['hi']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[1, 2], [[1, 2]]],
    [
      [[1, 2], [3]],
      [[1, 2], [3]],
    ],
  ])('asks for a vector of each text, or of each list of tokens: %j', (input, inputs) => {
    expect(toRequest(parsed({ input })).prompt).toEqual({ kind: 'embed', inputs })
  })

  it('hands on how long vectors are to be, and which of the model’s prompts comes first', () => {
    const { prompt } = toRequest(parsed({ dimensions: 256, prompt_name: 'query' }))
    expect(prompt).toEqual({ kind: 'embed', inputs: ['hi'], dimensions: 256, promptName: 'query' })
  })

  it.each([
    ['texts and tokens', { input: ['a', [1]] }, 'input'],
    ['tokens below zero', { input: [-1] }, 'input'],
    ['a list without tokens', { input: [[]] }, 'input'],
    ['no text', { input: '' }, 'input'],
    ['no texts', { input: [] }, 'input'],
    ['no dimensions', { dimensions: 0 }, 'dimensions'],
    ['another encoding', { encoding_format: 'hex' }, 'encoding_format'],
  ])('with %s is refused by name', (_what, fields, says) => {
    expect(() => parsed(fields)).toThrow(says)
  })
})

describe('embeddings', () => {
  it('are in the order of the inputs, whichever comes first', async () => {
    const embedded = await collectEmbeddings(updates(vector(1, 3, 4), vector(0, 1, 2), finished), 2)
    expect(toEmbeddings(parsed({ input: ['a', 'b'] }), embedded)).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, 2] },
        { object: 'embedding', index: 1, embedding: [3, 4] },
      ],
      model: 'm',
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
  })

  it('are read by the official client, which asks for base64', async () => {
    const body = parsed({ encoding_format: 'base64' })
    const answer = toEmbeddings(body, await collectEmbeddings(updates(vector(0, 0.5, -2), finished), 1))
    const fetch = () => Promise.resolve(Response.json(answer))
    const { data } = await new OpenAI({ apiKey: 'none', fetch }).embeddings.create({ model: 'm', input: 'hi' })
    expect(data[0]?.embedding).toEqual([0.5, -2])
  })

  it.each([
    ['an input without a vector', [vector(0, 1), finished]],
    ['a failure', [{ type: 'failed', code: 'unsupported', message: 'no' } as const]],
    ['no end', [vector(0, 1), vector(1, 1)]],
  ])('are an error with %s', async (_what, given) => {
    await expect(collectEmbeddings(updates(...given), 2)).rejects.toBeInstanceOf(Problem)
  })

  it('say which field is to blame where a text is too long', async () => {
    const failed = { type: 'failed', code: 'context_length_exceeded', message: 'input[1] has 700 tokens' } as const
    const error: unknown = await collectEmbeddings(updates(failed), 2).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 400, more: { param: 'input' } })
  })
})
