import type { GenerationUpdate, Usage } from '@core/generation/stream'
import { failureOf } from '../generation-failure'
import { Problem } from '../problem'

const BYTES_PER_FLOAT = 4

/** The embeddings of all inputs of a request, in input order. */
export interface Embeddings {
  /** One per input: little-endian 32-bit floats in base64. */
  readonly vectors: readonly string[]
  readonly usage: Usage
}

/** Collects the vectors of all inputs, which may arrive in any order. Throws Problem on failure. */
export const collectEmbeddings = async (
  updates: AsyncIterable<GenerationUpdate>,
  count: number,
): Promise<Embeddings> => {
  const byIndex = new Map<number, string>()
  for await (const update of updates) {
    switch (update.type) {
      case 'progress':
      case 'delta':
        break
      case 'embeddings':
        for (const { index, vector } of update.items) byIndex.set(index, vector)
        break
      case 'failed':
        throw failureOf(update, { tooLong: 'input' })
      case 'finished': {
        const vectors = Array.from({ length: count }, (_, index) => byIndex.get(index) ?? '')
        if (update.reason === 'cancelled' || vectors.includes(''))
          throw new Problem(503, 'runner_failed', 'The runner ended before it had embedded every input')
        return { vectors, usage: update.usage }
      }
    }
  }
  throw failureOf({ type: 'failed', code: 'runner_failed', message: 'The runner ended without an answer' })
}

/** Decodes a vector. */
export const floatsOf = (vector: string): number[] => {
  const bytes = Buffer.from(vector, 'base64')
  return Array.from({ length: bytes.length / BYTES_PER_FLOAT }, (_, at) => bytes.readFloatLE(at * BYTES_PER_FLOAT))
}
