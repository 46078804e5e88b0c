import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate, Usage } from '@core/generation/stream'
import { failureOf } from '../../generation-failure'
import { Problem } from '../../problem'
import type { EmbeddingRequest } from './schema'

const BYTES_PER_FLOAT = 4

/** OpenAI's request as ours. */
export const toRequest = ({ model, input }: EmbeddingRequest): ClientRequest => ({
  model,
  prompt: { kind: 'embed', texts: typeof input === 'string' ? [input] : input },
  sampling: {},
  stop: [],
})

export interface Embedded {
  /** One for each text, in their order. */
  readonly vectors: readonly (readonly number[])[]
  readonly usage: Usage
}

/** Waits for the vectors of all texts, in whichever order they come. Throws Problem where that fails. */
export const collectVectors = async (updates: AsyncIterable<GenerationUpdate>, count: number): Promise<Embedded> => {
  const byIndex = new Map<number, readonly number[]>()
  for await (const update of updates) {
    switch (update.type) {
      case 'progress':
      case 'delta':
        break
      case 'embedding':
        byIndex.set(update.index, update.vector)
        break
      case 'failed':
        throw failureOf(update)
      case 'finished': {
        const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index) ?? [])
        if (update.reason === 'cancelled' || vectors.some(({ length }) => length === 0))
          throw new Problem(503, 'runner_failed', 'The runner ended before it had embedded every text')
        return { vectors, usage: update.usage }
      }
    }
  }
  throw failureOf({ type: 'failed', code: 'runner_failed', message: 'The runner ended without an answer' })
}

const base64 = (vector: readonly number[]): string => {
  const bytes = Buffer.alloc(vector.length * BYTES_PER_FLOAT)
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * BYTES_PER_FLOAT))
  return bytes.toString('base64')
}

export const toEmbeddings = (
  { model, encoding_format }: EmbeddingRequest,
  { vectors, usage: { promptTokens } }: Embedded,
): object => ({
  object: 'list',
  data: vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding_format === 'base64' ? base64(vector) : vector,
  })),
  model,
  usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
})
