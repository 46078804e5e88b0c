import { describe, expect, it } from 'vitest'
import { World } from '@core/testing/world'
import type { NodeId } from '@core/ids'
import type { InterfaceType } from '@core/state/nodes'
import { figuresText, kindSummaries, latencyText, pairLinks } from './links'

const linked = (world: World, from: NodeId, to: NodeId, interfaceType: InterfaceType, more: object = {}) => {
  const ip = `10.0.${interfaceType.length}.${to.length}`
  world.apply({ type: 'TopologyEdgeCreated', edge: { from, to, ip, port: 52417, interfaceType, ...more } })
}

describe('the connection of two machines', () => {
  const begin = () => {
    const world = new World()
    return { world, studio: world.addNode('Studio'), pro: world.addNode('Pro'), mini: world.addNode('Mini') }
  }

  it('has the best kind that works in both directions, with the best figures of that kind', () => {
    const { world, studio, pro } = begin()
    linked(world, studio, pro, 'thunderbolt', { latencyMs: 0.3, bytesPerSecond: 2.4e9 })
    linked(world, pro, studio, 'thunderbolt', { latencyMs: 0.4 })
    linked(world, studio, pro, 'ethernet', { latencyMs: 0.1, bytesPerSecond: 9e9 })
    const [pair, ...more] = pairLinks(world.state)
    expect(more).toEqual([])
    expect(pair).toMatchObject({ a: studio, b: pro, kind: 'thunderbolt', latencyMs: 0.3, bytesPerSecond: 2.4e9 })
    expect(pair?.onlyFrom).toBeUndefined()
    expect(pair?.ways.map(({ from, kind }) => [from, kind])).toEqual([
      [studio, 'thunderbolt'],
      [pro, 'thunderbolt'],
      [studio, 'ethernet'],
    ])
  })

  it('lists outgoing before incoming ways, in whichever order they were found', () => {
    const { world, studio, pro } = begin()
    linked(world, pro, studio, 'ethernet')
    linked(world, studio, pro, 'ethernet')
    expect(pairLinks(world.state)[0]?.ways.map(({ from }) => from)).toEqual([studio, pro])
  })

  it('over RDMA has the figures of its cable', () => {
    const { world, studio, pro } = begin()
    for (const [from, to] of [
      [studio, pro],
      [pro, studio],
    ] as const) {
      linked(world, from, to, 'thunderbolt', { latencyMs: 0.009 })
      world.apply({
        type: 'TopologyEdgeCreated',
        edge: { from, to, fromInterface: 'rdma_en2', toInterface: 'rdma_en3' },
      })
    }
    expect(pairLinks(world.state)[0]).toMatchObject({ kind: 'rdma', latencyMs: 0.009 })
  })

  it('says if only one of the two reaches the other', () => {
    const { world, studio, mini } = begin()
    linked(world, mini, studio, 'wifi')
    expect(pairLinks(world.state)).toEqual([
      expect.objectContaining({ a: studio, b: mini, kind: 'wifi', onlyFrom: mini }),
    ])
  })

  it('does not exist for machines that are not members', () => {
    const { world, studio, pro } = begin()
    linked(world, studio, pro, 'ethernet')
    expect(pairLinks({ ...world.state, members: {} })).toEqual([])
  })
})

it('is summed up per kind if there are many', () => {
  const world = new World()
  const [studio, pro, mini, imac] = ['Studio', 'Pro', 'Mini', 'iMac'].map((name) => world.addNode(name)) as [
    NodeId,
    NodeId,
    NodeId,
    NodeId,
  ]
  const both = (one: NodeId, other: NodeId, type: InterfaceType, more: object = {}) => {
    linked(world, one, other, type, more)
    linked(world, other, one, type, more)
  }
  both(studio, mini, 'ethernet', { latencyMs: 0.3 })
  both(pro, mini, 'ethernet', { latencyMs: 0.42 })
  both(imac, mini, 'wifi')
  both(studio, pro, 'thunderbolt', { latencyMs: 0.2 })
  expect(kindSummaries(pairLinks(world.state))).toEqual([
    { kind: 'thunderbolt', text: '1 pair · 0.2 ms' },
    { kind: 'ethernet', text: '2 pairs · 0.3 ms to 0.4 ms' },
    { kind: 'wifi', text: '1 pair' },
  ])
})

it.each([
  [0.009, '9 µs'],
  [0.0001, '1 µs'],
  [0.32, '0.3 ms'],
  [1.26, '1.3 ms'],
  [47.6, '48 ms'],
])('shows a latency of %d ms as %s', (milliseconds, text) => {
  expect(latencyText(milliseconds)).toBe(text)
})

it('shows figures as far as they are known', () => {
  expect(figuresText({ latencyMs: 0.3, bytesPerSecond: 118e6 })).toBe('0.3 ms · 118 MB/s')
  expect(figuresText({ latencyMs: 0.3 })).toBe('0.3 ms')
  expect(figuresText({})).toBe('')
})
