import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import type { GenerationUpdate } from '@core/generation/stream'
import { parseWith } from '../../body'
import { Problem } from '../../problem'
import { collectVectors, toEmbeddings, toRequest } from './embedding'
import { EmbeddingRequest } from './schema'

const usage = { promptTokens: 4, cachedTokens: 0, completionTokens: 0 }
const parsed = (fields: object) => parseWith(EmbeddingRequest, { model: 'm', input: 'hi', ...fields })
const finished: GenerationUpdate = { type: 'finished', reason: 'stop', usage }
const vector = (index: number, ...values: number[]): GenerationUpdate => ({ type: 'embedding', index, vector: values })

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
  ])('asks for a vector of each text: %j', (input, texts) => {
    expect(toRequest(parsed({ input })).prompt).toEqual({ kind: 'embed', texts })
  })

  it.each([
    ['token numbers', { input: [1, 2] }, 'input'],
    ['no text', { input: '' }, 'input'],
    ['no texts', { input: [] }, 'input'],
    ['another length', { dimensions: 256 }, 'dimensions: not supported'],
    ['another encoding', { encoding_format: 'hex' }, 'encoding_format'],
  ])('with %s is refused by name', (_what, fields, says) => {
    expect(() => parsed(fields)).toThrow(says)
  })
})

describe('embeddings', () => {
  it('are in the order of the texts, whichever comes first', async () => {
    const embedded = await collectVectors(updates(vector(1, 3, 4), vector(0, 1, 2), finished), 2)
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
    const answer = toEmbeddings(body, await collectVectors(updates(vector(0, 0.5, -2), finished), 1))
    const fetch = () => Promise.resolve(Response.json(answer))
    const { data } = await new OpenAI({ apiKey: 'none', fetch }).embeddings.create({ model: 'm', input: 'hi' })
    expect(data[0]?.embedding).toEqual([0.5, -2])
  })

  it.each([
    ['a text without a vector', [vector(0, 1), finished]],
    ['a failure', [{ type: 'failed', code: 'unsupported', message: 'no' } as const]],
    ['no end', [vector(0, 1), vector(1, 1)]],
  ])('are an error with %s', async (_what, given) => {
    await expect(collectVectors(updates(...given), 2)).rejects.toBeInstanceOf(Problem)
  })
})
