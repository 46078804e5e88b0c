import type { GenerationUpdate, Usage } from '@core/generation/stream'
import { failureOf } from '../generation-failure'

/** The embeddings of all texts of a request, in its order. */
export interface Embeddings {
  readonly vectors: readonly (readonly number[])[]
  readonly usage: Usage
}

/** Waits for the embeddings of a request. Throws Problem where it fails. */
export const collectEmbeddings = async (updates: AsyncIterable<GenerationUpdate>): Promise<Embeddings> => {
  const vectors: (readonly number[])[] = []
  for await (const update of updates) {
    switch (update.type) {
      case 'progress':
      case 'delta':
        break
      case 'embedding':
        vectors[update.index] = update.vector
        break
      case 'failed':
        throw failureOf(update)
      case 'finished':
        return { vectors, usage: update.usage }
    }
  }
  throw failureOf({ type: 'failed', code: 'runner_failed', message: 'The runner ended without an answer' })
}
