import { describe, expect, it } from 'vitest'
import type { NodeId } from '@core/ids'
import { rdmaWorld } from '@core/testing/rdma-world'
import { SilentNodes } from './silent-nodes'

const group = () => {
  const world = rdmaWorld(['studio', 'mini'])
  const bystander = world.addNode('air')
  const [instance] = Object.values(world.state.instances)
  const [self, other] = instance?.shards.map(({ nodeId }) => nodeId) ?? []
  if (!self || !other) throw new Error('nothing was placed')
  const unheard = new Set<NodeId>()
  let now = 0
  const nodes = new SilentNodes({ self, hears: (nodeId) => !unheard.has(nodeId), now: () => now })
  return {
    world,
    other,
    bystander,
    unheard,
    nodes,
    /** Checks as often as a worker does. */
    pass: (milliseconds: number): void => {
      for (const end = now + milliseconds; now < end; now += 500) nodes.check(world.state)
      nodes.check(world.state)
    },
  }
}

describe('a node whose rank works with one of ours', () => {
  it('is silent after being unreachable for a while, and no longer once it is reachable', () => {
    const { nodes, other, unheard, pass } = group()
    unheard.add(other)
    pass(1500)
    expect([...nodes.silent()]).toEqual([])
    pass(500)
    expect([...nodes.silent()]).toEqual([other])
    unheard.clear()
    pass(0)
    expect([...nodes.silent()]).toEqual([])
  })

  it('starts over when it was reachable in between', () => {
    const { nodes, other, unheard, pass } = group()
    unheard.add(other)
    pass(1000)
    unheard.clear()
    pass(0)
    unheard.add(other)
    pass(1000)
    expect([...nodes.silent()]).toEqual([])
  })

  it('is forgotten once no instance is shared with it', () => {
    const { world, nodes, other, unheard, pass } = group()
    unheard.add(other)
    pass(5000)
    expect(nodes.check({ ...world.state, instances: {} })).toBe(false)
    expect([...nodes.silent()]).toEqual([])
  })
})

it('a node that shares nothing with this one may be as silent as it likes', () => {
  const { world, nodes, bystander, unheard, pass } = group()
  unheard.add(bystander)
  pass(5000)
  expect(nodes.check(world.state)).toBe(false)
  expect([...nodes.silent()]).toEqual([])
})
