import { describe, expect, it } from 'vitest'
import { MetaInstanceId, NodeId } from '../ids'
import type { FailedPreview, Preview } from './preview'
import { withRun } from '../state/measured-speeds'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { previews } from './previews'

const isPossible = (preview: Preview | FailedPreview): preview is Preview => !('error' in preview)

/** Machines that all reach one another. */
const mesh = (count: number, options?: Parameters<World['addNode']>[1]): { world: World; nodeIds: NodeId[] } => {
  const world = new World()
  const nodeIds = Array.from({ length: count }, (_, at) => world.addNode(`n${at}`, options))
  return { world: world.connect(nodeIds), nodeIds }
}
const pipelines = (all: readonly (Preview | FailedPreview)[]): Preview[] =>
  all.filter(isPossible).filter(({ sharding, instanceMeta }) => sharding === 'Pipeline' && instanceMeta === 'MlxRing')

describe('a preview', () => {
  it('shows memory by node and what speed to expect, or why not, and posting its nodes places exactly those', () => {
    const world = new World()
    world.addNode('mini', { free: 10 * GB, bandwidth: 100e9 })
    world.addNode('studio', { free: 40 * GB, bandwidth: 800e9 })
    const all = previews(world.state, smallCard, {})
    const good = all.find((preview) => !('error' in preview))
    if (!good || 'error' in good) throw new Error('no preview')
    expect(good).toMatchObject({ nodeIds: ['studio'], memoryDeltaByNode: { studio: 4 * GB } })
    expect(good.predicted?.tokensPerSecond).toBeCloseTo(144.5, 1)
    const onMini = previews(world.state, smallCard, { nodeIds: [NodeId.parse('mini')] })[0]
    expect(onMini).toMatchObject({ nodeIds: ['mini'] })
    const id = world.declare('chat', { nodeIds: [NodeId.parse('mini')] })
    world.reconcile()
    expect(world.instance(MetaInstanceId.parse(id)).shards.map(({ nodeId }) => nodeId)).toEqual(['mini'])
    expect(all.filter((preview) => 'error' in preview).map((preview) => preview.instanceMeta)).toContain('MlxJaccl')
  })

  it('shows what would happen without a machine', () => {
    const world = new World()
    const nodeId = world.addNode('mini')
    const [preview] = previews(world.state, smallCard, { without: nodeId })
    expect(preview).toMatchObject({ error: { code: 'no_machines' } })
  })

  it('is made once for each size, even if a smaller group would not hold the model', () => {
    const { world } = mesh(4, { free: 3 * GB })
    expect(pipelines(previews(world.state, smallCard, {})).map(({ nodeIds }) => nodeIds.length)).toEqual([2, 3, 4])
  })

  it('is made for every size with few machines, and for doubling sizes with many', () => {
    const sizes = (count: number) =>
      pipelines(previews(mesh(count).world.state, smallCard, {})).map(({ nodeIds }) => nodeIds.length)
    expect(sizes(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(sizes(32)).toEqual([...Array.from({ length: 16 }, (_, at) => at + 1), 32])
  })

  it('says why larger groups are impossible', () => {
    const world = new World()
    world.addNode('a')
    world.addNode('b')
    const [alone, together] = previews(world.state, smallCard, {})
    expect(alone).toMatchObject({ nodeIds: ['a'] })
    expect(together).toMatchObject({ error: { reason: 'no 2 machines are connected to one another' } })
  })

  it('is marked if the preference would choose it', () => {
    const { world } = mesh(3, { bandwidth: 100e9 })
    const preferred = (placementPreference: 'largest' | 'smallest' | 'throughput') =>
      pipelines(previews(world.state, smallCard, { placementPreference }))
        .filter(({ preferred: marked }) => marked)
        .map(({ nodeIds }) => nodeIds.length)
    expect(preferred('largest')).toEqual([3])
    expect(preferred('smallest')).toEqual([1])
    expect(preferred('throughput')).toEqual([1])
  })

  it('is the only one of its kind if the machines are named', () => {
    const { world, nodeIds } = mesh(3)
    const named = nodeIds.slice(1)
    const [preview, ...others] = pipelines(previews(world.state, smallCard, { nodeIds: named }))
    expect(preview).toMatchObject({ nodeIds: named, preferred: true })
    expect(others).toEqual([])
  })

  it('shows, beside the prediction, the speed when the placement last ran', () => {
    const world = new World()
    const nodeId = NodeId.parse('mini')
    const speeds = withRun([], { modelId: SMALL, sharding: 'Pipeline', instanceMeta: 'MlxRing', nodeIds: [nodeId] }, 21)
    world.addNode('mini', { bandwidth: 100e9, speeds })
    expect(pipelines(previews(world.state, smallCard, {}))[0]).toMatchObject({
      predicted: { tokensPerSecond: expect.closeTo(23.9, 1) as unknown },
      measured: { tokensPerSecond: 21, runs: 1 },
    })
  })

  it('may count on the memory that a declaration releases', () => {
    const world = new World()
    world.addNode('mini', { free: 5 * GB })
    const id = world.declare('chat')
    world.reconcile()
    expect(previews(world.state, smallCard, {})[0]).toMatchObject({ error: { code: 'not_enough_memory' } })
    expect(previews(world.state, smallCard, { replacing: MetaInstanceId.parse(id) })[0]).toMatchObject({
      nodeIds: ['mini'],
    })
  })
})
