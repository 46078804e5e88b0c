import { describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import { edgesOf, isSocketEdge } from '../state/topology'
import { World } from '../testing/world'
import { LOST_AFTER, PEERS_PER_ROUND, Probes, type Target } from './probes'
import { monotonic } from '../time/clocks'

/** Node `a`, which probes others, in a world that applies its reports. */
const probing = (names: string) => {
  const world = new World()
  const [self, ...others] = [...names].map((name) => world.addNode(name))
  if (self === undefined) throw new Error('nobody probes')
  const probes = new Probes(self)
  const way = (nodeId: NodeId, ip: string): Target => ({ nodeId, ip, port: 52417, interfaceType: 'ethernet' })
  let now = 0
  /** One second, in which the targets in `answers` answer. */
  const second = (targets: readonly Target[], answers: readonly Target[], latencyMs = 1): void => {
    now += 1000
    probes.round(targets, monotonic(now))
    for (const target of answers) probes.answered(target, { at: monotonic(now + latencyMs), latencyMs })
    world.apply(...probes.reports(world.state))
  }
  const edges = (): string[] =>
    edgesOf(world.state.topology).map(
      (edge) => `${edge.from}>${edge.to}${isSocketEdge(edge) ? `@${edge.ip}` : `#${edge.fromInterface}`}`,
    )
  return { world, self, others, probes, way, second, edges, at: () => now }
}

describe('probing', () => {
  it('makes an edge of every address that answers, and of no other', () => {
    const { others, way, second, edges } = probing('abc')
    const [b, c] = others
    if (b === undefined || c === undefined) throw new Error('nobody is there')
    const targets = [way(b, '10.0.0.2'), way(b, '10.1.0.2'), way(c, '10.0.0.3')]
    second(targets, targets.slice(0, 1))
    expect(edges()).toEqual(['a>b@10.0.0.2'])
    second(targets, targets)
    expect(edges().sort()).toEqual(['a>b@10.0.0.2', 'a>b@10.1.0.2', 'a>c@10.0.0.3'])
  })

  it('loses a connection with the third consecutive unanswered probe, not before', () => {
    const { others, way, second, edges } = probing('ab')
    const targets = others.flatMap((nodeId) => [way(nodeId, '10.0.0.2'), way(nodeId, '10.1.0.2')])
    second(targets, targets)
    const [first] = targets
    if (!first) throw new Error('nobody is there')
    for (let missed = 0; missed < LOST_AFTER; missed += 1) {
      second(targets, [first])
      expect(edges()).toHaveLength(2)
    }
    second(targets, [first])
    expect(edges()).toEqual(['a>b@10.0.0.2'])
    second(targets, targets)
    expect(edges()).toHaveLength(2)
  })

  it('counts no probe as unanswered whose answer cannot be there yet, as where many links come up at once', () => {
    const { world, others, way, second, edges, probes, at } = probing('ab')
    const targets = others.flatMap((nodeId) => [way(nodeId, '10.0.0.2'), way(nodeId, '10.1.0.2')])
    second(targets, targets)
    for (let burst = 1; burst <= 3 * LOST_AFTER; burst += 1) {
      probes.round(targets, monotonic(at() + 500 + burst))
      world.apply(...probes.reports(world.state))
    }
    expect(edges()).toHaveLength(2)
    expect(probes.unreachable()).toEqual([])
  })

  it('loses a silent connection in time, however many links come up meanwhile', () => {
    const { world, others, way, second, edges, probes, at } = probing('ab')
    const targets = others.map((nodeId) => way(nodeId, '10.0.0.2'))
    second(targets, targets)
    for (let missed = 0; missed <= LOST_AFTER; missed += 1) {
      second(targets, [])
      for (let burst = 1; burst < 10; burst += 1) probes.round(targets, monotonic(at() + 100 * burst))
      world.apply(...probes.reports(world.state))
    }
    expect(edges()).toEqual([])
  })

  it('reports a member as unreachable if it answers at none of its addresses, and starts over after a sleep', () => {
    const { others, way, second, probes } = probing('abc')
    const [b, c] = others
    if (b === undefined || c === undefined) throw new Error('nobody is there')
    const targets = [way(b, '10.0.0.2'), way(b, '10.1.0.2'), way(c, '10.0.0.3')]
    second(targets, targets)
    for (let missed = 0; missed <= LOST_AFTER; missed += 1) second(targets, targets.slice(0, 1))
    expect(probes.unreachable()).toEqual([c])
    probes.resetAfterSleep()
    second(targets, [])
    expect(probes.unreachable()).toEqual([])
    for (let missed = 0; missed <= 2 * LOST_AFTER; missed += 1) second(targets, [])
    expect(probes.unreachable()).toEqual([b, c])
  })

  it('takes any byte for an answer', () => {
    const { others, way, second, edges, probes, at } = probing('ab')
    const targets = others.map((nodeId) => way(nodeId, '10.0.0.2'))
    second(targets, targets)
    for (let round = 0; round < 10; round += 1) {
      second(targets, [])
      for (const target of targets) probes.heard(target, monotonic(at() + 500))
    }
    expect(edges()).toEqual(['a>b@10.0.0.2'])
  })

  it('also reports the connections of a member that is unreachable at all addresses as gone', () => {
    const { world, self, others, way, second, edges } = probing('ab')
    const [b] = others
    if (b === undefined) throw new Error('nobody is there')
    world.apply(
      { type: 'TopologyEdgeCreated', edge: { from: b, to: self, ip: '10.0.0.1', port: 1, interfaceType: 'ethernet' } },
      { type: 'TopologyEdgeCreated', edge: { from: b, to: self, fromInterface: 'rdma_en2', toInterface: 'rdma_en3' } },
    )
    const targets = [way(b, '10.0.0.2')]
    second(targets, targets)
    expect(edges()).toHaveLength(3)
    for (let round = 0; round <= LOST_AFTER; round += 1) second(targets, [])
    expect(edges()).toEqual([])
  })

  it('reports nothing about a member before it had its chance to answer', () => {
    const { world, self, others, way, second, edges } = probing('ab')
    const [b] = others
    if (b === undefined) throw new Error('nobody is there')
    const known = { from: self, to: b, ip: '10.0.0.2', port: 52417, interfaceType: 'ethernet' } as const
    world.apply({ type: 'TopologyEdgeCreated', edge: known })
    for (let round = 0; round < LOST_AFTER; round += 1) {
      second([way(b, '10.0.0.2')], [])
      expect(edges()).toHaveLength(1)
    }
    second([way(b, '10.0.0.2')], [])
    expect(edges()).toEqual([])
  })

  it('reports a latency again only if it changed much', () => {
    const { world, others, way, second } = probing('ab')
    const targets = others.map((nodeId) => way(nodeId, '10.0.0.2'))
    for (const latency of [1, 1.1, 0.9, 1.2]) second(targets, targets, latency)
    const reports = () => world.log.filter(({ type }) => type === 'TopologyEdgeCreated').length
    expect(reports()).toBe(1)
    for (let round = 0; round < 10; round += 1) second(targets, targets, 30)
    expect(reports()).toBeGreaterThan(1)
    const [edge] = edgesOf(world.state.topology)
    expect(edge && isSocketEdge(edge) ? edge.latencyMs : 0).toBeGreaterThan(15)
  })

  it('probes every member in turn in a large cluster, and loses none that answers', () => {
    const world = new World()
    const self = world.addNode('self')
    const targets = Array.from({ length: 150 }, (_, at): Target => {
      const nodeId = world.addNode(`n${at}`)
      return { nodeId, ip: `10.0.${at}.1`, port: 1, interfaceType: 'ethernet' }
    })
    const probes = new Probes(self)
    for (let round = 1; round <= 12; round += 1) {
      const asked = probes.round(targets, monotonic(1000 * round))
      expect(asked).toHaveLength(PEERS_PER_ROUND)
      for (const target of asked) probes.answered(target, { at: monotonic(1000 * round + 1), latencyMs: 1 })
      world.apply(...probes.reports(world.state))
    }
    expect(edgesOf(world.state.topology)).toHaveLength(150)
  })

  it('lists the addresses without a measured throughput, and keeps what was measured while the latency changes', () => {
    const { world, others, way, second, probes, at } = probing('ab')
    const targets = others.map((nodeId) => way(nodeId, '10.0.0.2'))
    second(targets, [])
    expect(probes.unmeasured(world.state)).toEqual([])
    second(targets, targets)
    expect(probes.unmeasured(world.state)).toEqual(targets)
    for (const target of targets) probes.measured(target, 123_456_789)
    world.apply(...probes.reports(world.state))
    expect(edgesOf(world.state.topology)).toMatchObject([{ bytesPerSecond: 120_000_000 }])
    expect(probes.unmeasured(world.state)).toEqual([])

    // The same machine after a restart; the state still has the measurement.
    const anew = new Probes(world.state.topology.edges['a>b@10.0.0.2']?.from ?? fail())
    anew.round(targets, monotonic(at()))
    for (const target of targets) anew.answered(target, { at: monotonic(at() + 50), latencyMs: 50 })
    expect(anew.unmeasured(world.state)).toEqual([])
    world.apply(...anew.reports(world.state))
    expect(edgesOf(world.state.topology)).toMatchObject([{ bytesPerSecond: 120_000_000, latencyMs: 50 }])
  })
})

const fail = (): never => {
  throw new Error('there is no such edge')
}
