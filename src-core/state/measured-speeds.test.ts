import { describe, expect, it } from 'vitest'
import { ModelId, NodeId } from '../ids'
import { World } from '../testing/world'
import { MAX_SPEEDS, withRun, type MeasuredSpeed, type PlacementKey } from './measured-speeds'
import { measuredSpeed } from './last-measured'

const placement = (modelId: string, ...nodeIds: string[]): PlacementKey => ({
  modelId: ModelId.parse(modelId),
  sharding: 'Pipeline',
  instanceMeta: 'MlxRing',
  nodeIds: nodeIds.map((nodeId) => NodeId.parse(nodeId)),
})
const one = placement('m/one', 'a', 'b')

describe('measured speeds', () => {
  it('start with the mean and then follow changes', () => {
    let speeds: MeasuredSpeed[] = []
    for (const tokensPerSecond of [10, 20]) speeds = withRun(speeds, one, tokensPerSecond)
    expect(speeds).toEqual([{ ...one, tokensPerSecond: 15, runs: 2 }])
    for (let run = 0; run < 30; run += 1) speeds = withRun(speeds, one, 40)
    expect(speeds[0]?.tokensPerSecond).toBeCloseTo(40, 0)
  })

  it('are kept per model, sharding, backend and order of machines', () => {
    let speeds = withRun([], one, 10)
    for (const other of [
      placement('m/two', 'a', 'b'),
      placement('m/one', 'b', 'a'),
      { ...one, sharding: 'Tensor' as const },
    ])
      speeds = withRun(speeds, other, 1)
    expect(speeds).toHaveLength(4)
  })

  it('evict the least recently used one', () => {
    let speeds = withRun([], one, 10)
    for (let at = 1; at < MAX_SPEEDS; at += 1) speeds = withRun(speeds, placement(`m/${at}`, 'a'), 1)
    speeds = withRun(withRun(speeds, one, 10), placement('m/last', 'a'), 1)
    expect(speeds).toHaveLength(MAX_SPEEDS)
    expect(speeds.map(({ modelId }) => modelId)).not.toContain('m/1')
    expect(speeds).toContainEqual({ ...one, tokensPerSecond: 10, runs: 2 })
  })

  it('are reported by the machine of rank 0', () => {
    const world = new World()
    world.addNode('a', { speeds: withRun([], one, 12) })
    world.addNode('b')
    expect(measuredSpeed(world.state, one)).toMatchObject({ tokensPerSecond: 12 })
    expect(measuredSpeed(world.state, placement('m/one', 'b', 'a'))).toBeUndefined()
  })
})
