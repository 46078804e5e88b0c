import { beforeEach, describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { isRehearsalDevice } from '../state/rehearsal'
import { edgesOf, isSocketEdge } from '../state/topology'
import { World } from '../testing/world'
import { rehearsalReports } from './rehearsal-edges'

const [a, b, c] = ['aaaaaaaa', 'bbbbbbbb', 'cccccccc'].map((id) => NodeId.parse(id)) as [NodeId, NodeId, NodeId]

let world: World
beforeEach(() => {
  world = new World()
  for (const name of [a, b, c]) world.addNode(name)
})

const reach = (from: NodeId, to: NodeId, ip: string): World =>
  world.apply({ type: 'TopologyEdgeCreated', edge: { from, to, ip, port: 1, interfaceType: 'ethernet' } })

const report = (self: NodeId, rehearses = true) => {
  const events = rehearsalReports(world.state, self, { rehearses })
  world.apply(...events)
  return events
}

describe('a rehearsal of RDMA', () => {
  it('has an edge to every machine that a ring reaches, and to no other', () => {
    reach(a, b, '10.0.0.2')
    reach(a, c, 'fd00::3')
    expect(report(a)).toEqual([
      {
        type: 'TopologyEdgeCreated',
        edge: { from: a, to: b, fromInterface: 'rehearsal-bbbbbb', toInterface: 'rehearsal-aaaaaa' },
      },
    ])
    expect(report(a)).toEqual([])
    expect(report(b)).toEqual([])
  })

  it('has one edge for two addresses of the same machine, and keeps it while one of them works', () => {
    reach(a, b, '10.0.0.2')
    reach(a, b, '10.1.0.2')
    expect(report(a)).toHaveLength(1)
    const first = edgesOf(world.state.topology).find((edge) => isSocketEdge(edge) && edge.ip === '10.0.0.2')
    if (first) world.apply({ type: 'TopologyEdgeDeleted', edge: first })
    expect(report(a)).toEqual([])
  })

  it('ends when the machine is no longer reached, or when it is switched off', () => {
    reach(a, b, '10.0.0.2')
    report(a)
    expect(report(a, false)).toMatchObject([{ type: 'TopologyEdgeDeleted', edge: { from: a, to: b } }])
    expect(report(a, false)).toEqual([])
    report(a)
    for (const edge of edgesOf(world.state.topology).filter(isSocketEdge))
      world.apply({ type: 'TopologyEdgeDeleted', edge })
    expect(report(a)).toMatchObject([{ type: 'TopologyEdgeDeleted', edge: { from: a, to: b } }])
  })

  it('changes no edge of real RDMA, and has a device name that Apple’s never have', () => {
    world.apply({
      type: 'TopologyEdgeCreated',
      edge: { from: a, to: b, fromInterface: 'rdma_en2', toInterface: 'rdma_en3' },
    })
    expect(report(a, false)).toEqual([])
    expect(isRehearsalDevice('rdma_en2')).toBe(false)
  })
})
