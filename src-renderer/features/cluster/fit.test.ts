import { describe, expect, it } from 'vitest'
import { GB, smallCard, World } from '@core/testing/world'
import { bestFit, fitOn } from './fit'

/** Read at its memory's speed, and 60 µs for each of its 32 layers. */
const near = (speed: number): unknown => expect.closeTo(speed, 1)

describe('what would become of a model on a machine', () => {
  it('is the memory it takes and its speed where that can be foretold', () => {
    const world = new World()
    const node = world.addNode('mini', { bandwidth: 400e9 })
    expect(fitOn(world.state, smallCard, node)).toEqual({ fits: true, bytes: 4 * GB, tokensPerSecond: near(83.9) })
  })

  it('is the memory that is missing, or why the machine is no choice at all', () => {
    const world = new World()
    const small = world.addNode('mini', { free: GB })
    const broken = world.addNode('old', { cannotRun: 'no Python' })
    const away = world.addNode('away')
    world.apply({ type: 'NodeTimedOut', nodeId: away })
    expect(fitOn(world.state, smallCard, small)).toEqual({ fits: false, reason: 'needs 3.0 GB more' })
    expect(fitOn(world.state, smallCard, broken)).toEqual({ fits: false, reason: 'cannot run models: no Python' })
    expect(fitOn(world.state, smallCard, away)).toEqual({ fits: false, reason: 'offline' })
  })

  it('is said of all machines together in a few words', () => {
    const world = new World()
    expect(bestFit(world.state, smallCard)).toBeUndefined()
    world.addNode('mini', { bandwidth: 400e9 })
    expect(bestFit(world.state, smallCard)).toMatchObject({ where: 'fits', tokensPerSecond: near(83.9) })
    world.addNode('Mac Studio', { bandwidth: 800e9 })
    expect(bestFit(world.state, smallCard)).toMatchObject({ where: 'fits any machine', tokensPerSecond: near(144.5) })
    world.addNode('old', { free: GB })
    expect(bestFit(world.state, smallCard)).toMatchObject({ where: 'fits 2 machines' })
    expect(bestFit(world.state, { ...smallCard, storageBytes: 900 * GB })).toEqual({
      fits: false,
      reason: 'fits no machine now',
    })
  })
})
