import { describe, expect, it } from 'vitest'
import { GB, SMALL, smallCard, World } from '../testing/world'
import { whatIfGone } from './what-if'

const cards = new Map([[SMALL, smallCard]])

describe('what if a machine were gone', () => {
  it('says where each of its models would go, and how fast', () => {
    const world = new World()
    const studio = world.addNode('studio', { bandwidth: 800 * GB })
    const id = world.declare('chat', { name: 'chat', placementPreference: 'auto' })
    world.reconcile()
    world.report(id, { status: 'Ready' })
    const mini = world.addNode('mini', { bandwidth: 100 * GB })
    expect(whatIfGone(world.state, studio, cards)).toMatchObject([
      { kind: 'moves', label: 'chat', nodeIds: [mini], tokensPerSecond: expect.any(Number) as number },
    ])
    expect(whatIfGone(world.state, mini, cards)).toEqual([])
  })

  it('does not give the same memory to two', () => {
    const world = new World()
    const studio = world.addNode('studio')
    for (const name of ['a', 'b']) world.declare(name, { name })
    world.reconcile()
    world.addNode('mini', { free: 6 * GB, total: 8 * GB })
    expect(whatIfGone(world.state, studio, cards)).toMatchObject([
      { kind: 'moves', label: 'a' },
      { kind: 'stops', label: 'b', reason: expect.stringMatching(/GB/) as string },
    ])
  })

  it('comes true when the machine goes', () => {
    const world = new World()
    const studio = world.addNode('studio')
    const id = world.declare()
    world.reconcile()
    world.addNode('mini')
    world.addNode('tiny', { free: 1 * GB, total: 8 * GB })
    const [told] = whatIfGone(world.state, studio, cards)
    world.apply({ type: 'NodeLeaving', nodeId: studio, reason: 'sleep' })
    world.reconcile()
    world.reconcile()
    const went = Object.values(world.state.instances).find(({ metaInstanceId }) => metaInstanceId === id)
    expect(told).toMatchObject({ kind: 'moves', nodeIds: went?.shards.map(({ nodeId }) => nodeId) })
  })
})
