import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '../ids'
import { GB, readyWorld, smallCard, World } from '../testing/world'
import { EMBEDDINGS_SINCE_PROTOCOL } from '../state/nodes'
import { kvCacheBytes, neededBytes } from './memory'
import { withDraft } from './model-card'
import { previews } from './previews'
import { place } from './place'
import type { PlacementRequest } from './placement-request'
import { assignShards, apportion } from './shards'

const request: PlacementRequest = {
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  minNodes: 1,
  placementPreference: 'largest',
}

const reasonOf = (world: World, changes: Partial<PlacementRequest> = {}, card = smallCard): string => {
  const result = place(world.state, card, { ...request, ...changes })
  return result.status === 'refused' ? result.error.reason : 'placed'
}

describe('placing on one machine', () => {
  it('gives it all layers and claims the weights', () => {
    const world = new World()
    const nodeId = world.addNode('mini')
    expect(place(world.state, smallCard, request)).toEqual({
      status: 'placed',
      placement: {
        shards: [{ nodeId, rank: 0, worldSize: 1, startLayer: 0, endLayer: 32, layers: 32 }],
        claims: { mini: 4 * GB },
      },
    })
  })

  it('claims the KV cache too if the card gives the head size', () => {
    const world = new World()
    world.addNode('mini')
    const card = { ...smallCard, headDim: 128 }
    const result = place(world.state, card, { ...request, maxContext: 1000 })
    // 2 (keys, values) × 32 layers × 8 heads × 128 × 2 bytes × 1,000 tokens
    expect(kvCacheBytes(card, { maxContext: 1000 })).toBe(131_072_000)
    expect(result).toMatchObject({ placement: { claims: { mini: 4 * GB + 131_072_000 } } })
  })

  it('reserves 8,192 tokens of context by default', () => {
    expect(kvCacheBytes({ ...smallCard, headDim: 128 })).toBe(2 * 32 * 8 * 128 * 2 * 8192)
  })

  it('reserves memory for the expected number of long requests, and half of it with 8 bits', () => {
    const world = new World()
    world.addNode('mini')
    const card = { ...smallCard, headDim: 128 }
    const one = kvCacheBytes(card, { maxContext: 1000 })
    expect(kvCacheBytes(card, { maxContext: 1000, concurrency: 4 })).toBe(4 * one)
    // A scale and a bias of 16 bits for every 64 values.
    expect(kvCacheBytes(card, { maxContext: 1000, kvBits: 8 }) / one).toBeCloseTo(0.5 + 1 / 32)
    const wanted = { maxContext: 1000, concurrency: 4, kvBits: 8 as const }
    const result = place(world.state, card, { ...request, ...wanted })
    expect(result).toMatchObject({ placement: { claims: { mini: 4 * GB + kvCacheBytes(card, wanted) } } })
    expect(previews(world.state, card, wanted)).toContainEqual(
      expect.objectContaining({ memoryDeltaByNode: { mini: 4 * GB + kvCacheBytes(card, wanted) } }),
    )
  })

  it('reserves nothing beyond the model’s own context, whatever a declaration of an earlier version asks for', () => {
    const world = new World()
    world.addNode('mini')
    const card = { ...smallCard, headDim: 128, contextLength: 2048 }
    const all = kvCacheBytes(card, { maxContext: 2048 })
    expect(kvCacheBytes(card)).toBe(all)
    const result = place(world.state, card, { ...request, maxContext: 1e12 })
    expect(result).toMatchObject({ placement: { claims: { mini: 4 * GB + all } } })
    const draft = { ...smallCard, modelId: ModelId.parse('m/draft'), storageBytes: GB, headDim: 128 }
    expect(neededBytes(withDraft(card, draft), { maxContext: 1e12 })).toBe(5 * GB + 2 * all)
  })

  it('previews no place for more context than the model has, and names the model’s own', () => {
    const world = new World()
    world.addNode('mini')
    const card = { ...smallCard, contextLength: 2048 }
    expect(previews(world.state, card, { maxContext: 2049 })).toMatchObject(
      Array.from({ length: 4 }, () => ({
        error: { code: 'context_too_long', reason: expect.stringContaining('2048 tokens') as string },
      })),
    )
    expect(previews(world.state, card, { maxContext: 2048 })).toContainEqual(
      expect.objectContaining({ preferred: true }),
    )
  })

  it('claims a draft model’s memory on the machine of rank 0 only', () => {
    const world = new World()
    const [mini, studio] = [world.addNode('mini', { free: 5 * GB }), world.addNode('studio', { free: 6 * GB })]
    world.connect([mini, studio])
    const draft = { ...smallCard, modelId: ModelId.parse('m/draft'), storageBytes: GB, headDim: 128, layers: 4 }
    const card = withDraft(smallCard, draft)
    const context = kvCacheBytes(draft, { maxContext: 1000 })
    const result = place(world.state, card, { ...request, minNodes: 2, maxContext: 1000 })
    if (result.status === 'refused') throw new Error(result.error.reason)
    const { shards, claims } = result.placement
    const claimOf = (rank: number) => claims[shards[rank]?.nodeId ?? '']
    const part = (rank: number) => ((shards[rank]?.endLayer ?? 0) - (shards[rank]?.startLayer ?? 0)) / 32
    expect(claimOf(0)).toBe(4 * GB * part(0) + GB + context)
    expect(claimOf(1)).toBe(4 * GB * part(1))
    expect(neededBytes(card, { maxContext: 1000 })).toBe(5 * GB + context)
    // With less memory the model fits, but not together with its draft.
    const small = new World()
    small.addNode('mini', { free: 4.5 * GB })
    expect(place(small.state, smallCard, request).status).toBe('placed')
    expect(place(small.state, card, request)).toMatchObject({ error: { code: 'not_enough_memory' } })
  })

  it('refuses a draft model that is no smaller than its model', () => {
    const world = new World()
    world.addNode('mini')
    const draft = { ...smallCard, modelId: ModelId.parse('m/draft') }
    expect(place(world.state, withDraft(smallCard, draft), request)).toMatchObject({
      error: { code: 'unsuitable_draft', reason: expect.stringContaining('m/draft is not smaller') as string },
    })
  })

  it('claims no KV cache for an embedding model, but memory to compute a batch', () => {
    const world = new World()
    world.addNode('mini', { protocol: EMBEDDINGS_SINCE_PROTOCOL })
    const card = { ...smallCard, headDim: 128, kind: 'embedding' as const }
    const short = place(world.state, card, { ...request, maxContext: 1000 })
    const long = place(world.state, card, { ...request, maxContext: 1_000_000 })
    expect(short).toMatchObject({ placement: { claims: { mini: neededBytes(card) } } })
    expect(long).toEqual(short)
    expect(neededBytes(card)).toBeGreaterThan(card.storageBytes)
  })

  it('keeps an embedding model off machines whose Muster runs none, and on one machine', () => {
    const world = new World()
    world.addNode('old', { protocol: EMBEDDINGS_SINCE_PROTOCOL - 1 })
    const card = { ...smallCard, kind: 'embedding' as const }
    expect(reasonOf(world, {}, card)).toContain('1 runs no embedding models until its Muster is updated (old)')
    expect(reasonOf(world)).toBe('placed')
    world.addNode('new', { protocol: EMBEDDINGS_SINCE_PROTOCOL })
    expect(place(world.state, card, request)).toMatchObject({ placement: { shards: [{ nodeId: 'new' }] } })
    const alone = 'is an embedding model, which runs on one machine'
    expect(reasonOf(world, { minNodes: 2 }, card)).toContain(alone)
    expect(reasonOf(world, { instanceMeta: 'MlxJaccl' }, card)).toContain(alone)
  })

  it('takes the machine with the most free memory', () => {
    const world = new World()
    world.addNode('small', { free: 10 * GB })
    world.addNode('large', { free: 40 * GB })
    expect(place(world.state, smallCard, request)).toMatchObject({ placement: { claims: { large: 4 * GB } } })
  })

  it('needs no support for sharding', () => {
    const world = new World()
    world.addNode('mini')
    const card = { ...smallCard, supportsTensor: false, supportsPipeline: false }
    expect(reasonOf(world, { sharding: 'Tensor' }, card)).toBe('placed')
  })

  it('neither counts nor claims the memory of a loaded model twice', () => {
    const { world } = readyWorld()
    const [node] = Object.values(world.state.nodes)
    if (!node) throw new Error('no node')
    const { nodeId, ...info } = node
    // The model is loaded: the system's free memory shrank by what the runner holds.
    const memory = { ramTotal: 64 * GB, ramAvailable: 44 * GB, heldByRunners: 4 * GB }
    world.apply({ type: 'NodeGatheredInfo', nodeId, info: { ...info, memory } })
    expect(reasonOf(world, {}, { ...smallCard, storageBytes: 44 * GB })).toBe('placed')
    expect(reasonOf(world, {}, { ...smallCard, storageBytes: 44 * GB + 1 })).toContain('44 GB free')
  })
})

describe('a refusal', () => {
  it('says how much is free and how much is needed', () => {
    const world = new World()
    world.addNode('mini', { free: 3 * GB })
    expect(reasonOf(world)).toBe('mini has 3 GB free, the model needs 4 GB')
  })

  it('names the machines that each rule excluded', () => {
    const world = new World()
    world.addNode('studio', { free: 3 * GB })
    world.addNode('mini')
    world.addNode('book', { cannotRun: 'no Python environment' })
    world.addNode('old')
    world.apply({ type: 'NodeLeaving', nodeId: NodeId.parse('old'), reason: 'sleep' })
    const nodeIds = ['studio', 'book', 'old'].map((name) => NodeId.parse(name))
    expect(reasonOf(world, { nodeIds })).toBe(
      '4 machines: 1 offline (old), 1 excluded by nodeIds, 1 cannot run models: no Python environment (book); studio has 3 GB free, the model needs 4 GB',
    )
  })

  it('begins with the machines of nodeIds that cannot be used, and names no others', () => {
    const world = new World()
    world.addNode('studio')
    world.addNode('book', { cannotRun: 'no Python environment' })
    world.addNode('old')
    world.addNode('other')
    for (const name of ['old', 'other'])
      world.apply({ type: 'NodeLeaving', nodeId: NodeId.parse(name), reason: 'sleep' })
    const nodeIds = ['studio', 'old', 'book', 'mini'].map((name) => NodeId.parse(name))
    expect(reasonOf(world, { nodeIds, minNodes: 2 })).toBe(
      'old is offline; book: cannot run models: no Python environment; mini is no member; ' +
        'at least 2 machines are needed, 1 is usable',
    )
  })

  it('reports problems of the request itself before those of machines', () => {
    const world = new World()
    for (const name of ['studio', 'mini', 'old']) world.addNode(name)
    const [studio, mini] = [NodeId.parse('studio'), NodeId.parse('mini')]
    world.connect([studio, mini])
    world.apply({ type: 'NodeLeaving', nodeId: NodeId.parse('old'), reason: 'sleep' })
    const tensor = { sharding: 'Tensor', minNodes: 2 } as const
    const alone = { ...smallCard, supportsTensor: false, supportsPipeline: false }
    for (const sharding of ['Tensor', 'Pipeline'] as const)
      expect(reasonOf(world, { ...tensor, sharding }, alone)).toBe(
        'm/small cannot be shared out and runs on one machine',
      )
    expect(reasonOf(world, tensor, { ...smallCard, supportsTensor: false })).toMatch(
      /^m\/small does not support Tensor/,
    )
    expect(reasonOf(world, { minNodes: 2 }, { ...smallCard, layers: 1 })).toMatch(/^m\/small has only 1 layers/)
    expect(reasonOf(world, { instanceMeta: 'MlxJaccl', minNodes: 9 })).toMatch(/^RDMA \(MlxJaccl\) joins at most/)
  })

  it('never changes RDMA to a ring silently', () => {
    const world = new World()
    const studio = world.addNode('studio')
    // Whether or not the request names the two machines that RDMA needs: a declaration always does.
    for (const minNodes of [1, 2])
      expect(place(world.state, smallCard, { ...request, minNodes, instanceMeta: 'MlxJaccl' })).toMatchObject({
        error: {
          code: 'too_few_machines',
          reason: 'Requested RDMA (MlxJaccl), which joins at least two machines, and 1 is usable',
        },
      })
    world.connect([studio, world.addNode('mini')])
    expect(reasonOf(world, { instanceMeta: 'MlxJaccl' })).toBe(
      'Requested RDMA (MlxJaccl) but no RDMA-connected machines are available',
    )
  })
})

describe('layers', () => {
  it('are all given out, each machine at least one, in proportion to memory', () => {
    expect(apportion(32, [48, 16])).toEqual([24, 8])
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 20 }), fc.nat(200), (weights, more) => {
        const parts = apportion(weights.length + more, weights)
        expect(parts.reduce((a, b) => a + b, 0)).toBe(weights.length + more)
        expect(Math.min(...parts)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  it('go from the last ones at rank 0 down to the first', () => {
    const ranks = [
      { nodeId: NodeId.parse('a'), freeBytes: 3 },
      { nodeId: NodeId.parse('b'), freeBytes: 1 },
    ]
    expect(
      assignShards(smallCard, 'Pipeline', ranks)?.map(({ startLayer, endLayer }) => [startLayer, endLayer]),
    ).toEqual([
      [8, 32],
      [0, 8],
    ])
    expect(assignShards(smallCard, 'Tensor', ranks)?.map(({ startLayer, endLayer }) => [startLayer, endLayer])).toEqual(
      [
        [0, 32],
        [0, 32],
      ],
    )
  })
})
