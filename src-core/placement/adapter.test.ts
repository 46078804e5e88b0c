import { expect, it } from 'vitest'
import { ModelId } from '../ids'
import { smallCard, World } from '../testing/world'
import { withAdapter } from './model-card'
import { place } from './place'

const GB = 1e9
const card = withAdapter(smallCard, { modelId: ModelId.parse('m/adapter'), storageBytes: 2 * GB })

const request = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: 'auto',
} as const

const pair = (): World => {
  const world = new World()
  const one = world.addNode('one', { free: 40 * GB, total: 64 * GB })
  const two = world.addNode('two', { free: 40 * GB, total: 64 * GB })
  return world.connect([one, two])
}

const claimed = (used: typeof smallCard, minNodes: number): number => {
  const result = place(pair().state, used, { ...request, minNodes })
  if (result.status === 'refused') throw new Error(result.error.reason)
  return Object.values(result.placement.claims).reduce((sum, bytes) => sum + bytes, 0)
}

it.each([1, 2])('memory is claimed for the adapter beside the model, on %i machines', (machines) => {
  expect(claimed(card, machines) - claimed(smallCard, machines)).toBeCloseTo(2 * GB, -3)
})

it('a model with an adapter is not sharded by tensors, but runs with that setting on one machine', () => {
  const tensor = { ...request, sharding: 'Tensor' } as const
  expect(place(pair().state, card, { ...tensor, minNodes: 2 })).toMatchObject({
    status: 'refused',
    error: { code: 'tensor_unsupported', reason: expect.stringContaining('adapter') as string },
  })
  expect(place(pair().state, card, tensor).status).toBe('placed')
})
