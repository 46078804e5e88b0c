import { describe, expect, it } from 'vitest'
import { emptyState, type State } from './state'
import { unusedCopies } from './unused-models'

const complete = (bytes: number) => ({ status: 'Complete', downloadedBytes: bytes, totalBytes: bytes })

/** Two machines with models: one is declared and paused, one runs without a declaration. */
const state = {
  ...emptyState(),
  downloads: {
    studio: {
      'a/declared': complete(1),
      'b/running': complete(2),
      'c/left': complete(3),
      'd/coming': { ...complete(4), status: 'Ongoing' },
    },
    air: { 'c/left': complete(3), 'f/draft': complete(6), 'e/of-another-program': complete(5) },
  },
  metaInstances: { one: { modelId: 'a/declared', draftModelId: 'f/draft', paused: true } },
  instances: { two: { modelId: 'b/running' } },
} as unknown as State

describe('models that nothing uses', () => {
  it('are complete, deletable copies without a declaration or an instance, on each machine', () => {
    expect(unusedCopies(state, (modelId) => !modelId.startsWith('e/'))).toEqual([
      { modelId: 'c/left', nodeId: 'air', bytes: 3 },
      { modelId: 'c/left', nodeId: 'studio', bytes: 3 },
    ])
  })
})
