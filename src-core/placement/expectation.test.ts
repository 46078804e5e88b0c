import { describe, expect, it } from 'vitest'
import { CreateMetaInstanceRequest } from '../protocols/control'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { expectationOf, DEFAULT_LAUNCH } from './expectation'
import { previews } from './previews'
import { PlacementSpace } from './space'

/** Three Macs with Thunderbolt between every pair; the second is the fastest. */
const threeMacs = (): World => {
  const world = new World()
  const nodes = [
    world.addNode('mini', { bandwidth: 273e9 }),
    world.addNode('studio', { bandwidth: 819e9, free: 40 * GB }),
    world.addNode('book', { bandwidth: 546e9 }),
  ]
  return world.connect(nodes, { interfaceType: 'thunderbolt', latencyMs: 0.3 })
}

describe('the expectation for a launch without options', () => {
  it('uses the defaults of a request without options', () => {
    expect(CreateMetaInstanceRequest.parse({ modelId: SMALL })).toEqual({
      modelId: SMALL,
      sharding: DEFAULT_LAUNCH.sharding,
      instanceMeta: DEFAULT_LAUNCH.instanceMeta,
      placementPreference: DEFAULT_LAUNCH.placementPreference,
      paused: false,
    })
  })

  it('is what the preview marks and what the declaration gets', () => {
    const world = threeMacs()
    for (const storageBytes of [2 * GB, 38 * GB, 60 * GB, 120 * GB]) {
      const card = { ...smallCard, storageBytes }
      const expected = expectationOf(new PlacementSpace(world.state), card)
      if (expected.status === 'refused') throw new Error(expected.error.reason)
      const marked = previews(world.state, card, {}).find((preview) => 'preferred' in preview && preview.preferred)
      expect(marked).toMatchObject({ nodeIds: expected.nodeIds, predicted: expected.predicted })
    }
    const { placementPreference } = CreateMetaInstanceRequest.parse({ modelId: SMALL })
    const id = world.declare('chat', { placementPreference })
    world.reconcile()
    expect(world.instance(id).shards.map(({ nodeId }) => nodeId)).toEqual(['studio'])
  })

  it('is never slower than any number of machines that leaves memory free on each', () => {
    const world = threeMacs()
    const card = { ...smallCard, storageBytes: 2 * GB }
    const expected = expectationOf(new PlacementSpace(world.state), card)
    const others = previews(world.state, card, {}).flatMap((preview) =>
      'error' in preview || preview.sharding !== 'Pipeline' || !preview.predicted ? [] : [preview.predicted],
    )
    const fastest = Math.max(...others.map(({ tokensPerSecond }) => tokensPerSecond))
    expect(others.length).toBe(3)
    expect(expected).toMatchObject({ nodeIds: ['studio'], predicted: { tokensPerSecond: fastest } })
  })

  it('breaks the time per token down into parts that add up to it', () => {
    const world = threeMacs()
    for (const minNodes of [1, 3]) {
      const expected = expectationOf(new PlacementSpace(world.state), smallCard, { ...DEFAULT_LAUNCH, minNodes })
      if (expected.status === 'refused' || !expected.predicted) throw new Error('nothing is predicted')
      const { tokensPerSecond, perToken } = expected.predicted
      expect(perToken.readingMs + perToken.layersMs + perToken.linksMs).toBeCloseTo(1000 / tokensPerSecond)
      expect(perToken.linksMs > 0).toBe(minNodes > 1)
    }
  })
})
