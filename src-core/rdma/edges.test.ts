import { beforeEach, describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import { edgesOf, isSocketEdge } from '../state/topology'
import { addMac, change, changeDevice, changePort, plug, unplug } from '../testing/cabled-macs'
import { World } from '../testing/world'
import { LOST_AFTER, Probes } from '../topology/probes'
import { mirroredRdmaEdges, rdmaReports } from './edges'
import { monotonic } from '../time/clocks'

describe('RDMA connections', () => {
  let world: World
  let a: NodeId
  let b: NodeId
  beforeEach(() => {
    world = new World()
    a = addMac(world, 'a')
    b = addMac(world, 'b')
    world.connect([a, b])
    plug(world, [a, 1], [b, 2])
  })
  /** Every machine reports its own end. */
  const report = () => {
    for (const self of [a, b]) if (self in world.state.nodes) world.apply(...rdmaReports(world.state, self))
  }
  const edges = () =>
    edgesOf(world.state.topology).flatMap((edge) =>
      isSocketEdge(edge) ? [] : [`${edge.from}.${edge.fromInterface}>${edge.to}.${edge.toInterface}`],
    )
  const both = ['a.rdma_en1>b.rdma_en2', 'b.rdma_en2>a.rdma_en1']

  it('are reported by each machine for its own end', () => {
    expect(rdmaReports(world.state, a)).toEqual([
      {
        type: 'TopologyEdgeCreated',
        edge: { from: 'a', to: 'b', fromInterface: 'rdma_en1', toInterface: 'rdma_en2' },
      },
    ])
    report()
    expect(edges()).toEqual(both)
  })

  it('are reported once', () => {
    report()
    expect([a, b].flatMap((self) => rdmaReports(world.state, self))).toEqual([])
  })

  it('are reported again to a new master that lacks them', () => {
    report()
    world.state = { ...world.state, topology: { ...world.state.topology, edges: {} } }
    world.connect([a, b])
    report()
    expect(edges()).toEqual(both)
  })

  it.each<[string, () => void]>([
    ['its port goes down', () => changeDevice(world, b, 2, { port: 'down' })],
    ['nobody knows its port', () => changeDevice(world, b, 2, { port: 'unknown' })],
    ['its interface loses its address', () => changeDevice(world, b, 2, { hasAddress: false })],
    ['its device does not answer', () => changeDevice(world, b, 2, { health: 'unhealthy' })],
    ['the cable is a slow one', () => plug(world, [a, 1], [b, 2], { gbps: 40 })],
    ['its end says that the cable is a slow one', () => changePort(world, b, 2, { linkGbps: 40 })],
    ['the cable is pulled', () => unplug(world, b, 2)],
    [
      'RDMA is switched off',
      () => change(world, b, (info) => ({ ...info, rdma: { status: 'disabled', devices: [] } })),
    ],
    [
      'a bridge takes its interface',
      () =>
        change(world, b, (info) => ({
          ...info,
          thunderbolt: {
            ports: info.thunderbolt?.ports ?? [],
            bridges: [{ name: 'bridge0', members: ['en1', 'en2'], active: false }],
          },
        })),
    ],
    ['it leaves', () => world.apply({ type: 'NodeLeaving', nodeId: b, reason: 'sleep' })],
    ['it says nothing of its ports any more', () => change(world, b, ({ thunderbolt: _, ...info }) => info)],
  ])('are removed at both ends as soon as at one end %s', (_what, happens) => {
    report()
    happens()
    report()
    expect(edges()).toEqual([])
  })

  it('follow a cable that was moved, even if the other end stayed in its port', () => {
    report()
    unplug(world, a, 1)
    plug(world, [a, 3], [b, 2])
    report()
    expect(edges().sort()).toEqual(['a.rdma_en3>b.rdma_en2', 'b.rdma_en2>a.rdma_en3'])
  })

  it('do not exist if only one end names the other', () => {
    unplug(world, b, 2)
    changeDevice(world, b, 2, { port: 'active', hasAddress: true })
    report()
    expect(edges()).toEqual([])
  })

  it('do not come back while the other machine does not answer', () => {
    report()
    const probes = new Probes(a)
    const way = { nodeId: b, ip: '10.0.0.1', port: 1, interfaceType: 'ethernet' } as const
    for (let second = 0; second <= LOST_AFTER; second += 1) {
      probes.round([way], monotonic(1000 * second))
      const { state } = world
      world.apply(...probes.reports(state), ...rdmaReports(state, a))
    }
    expect(edgesOf(world.state.topology)).toEqual([])
    world.apply(...rdmaReports(world.state, a), ...rdmaReports(world.state, b))
    expect(edges()).toEqual([])
    probes.round([way], monotonic(9000))
    probes.answered(way, { at: monotonic(9001), latencyMs: 1 })
    world.apply(...probes.reports(world.state))
    world.apply(...rdmaReports(world.state, a))
    expect(edges()).toEqual(['a.rdma_en1>b.rdma_en2'])
  })

  it('of devices that are not macOS’s are left alone', () => {
    const edge = { from: a, to: b, fromInterface: 'other-1', toInterface: 'other-2' }
    world.apply({ type: 'TopologyEdgeCreated', edge })
    report()
    expect(edges()).toContain('a.other-1>b.other-2')
  })

  it('count as a cable if both ends report the same one', () => {
    const edge = (from: NodeId, to: NodeId, fromInterface: string, toInterface: string) => ({
      from,
      to,
      fromInterface,
      toInterface,
    })
    const there = edge(a, b, 'rdma_en1', 'rdma_en2')
    expect(mirroredRdmaEdges([there])).toEqual([])
    expect(mirroredRdmaEdges([there, edge(b, a, 'rdma_en2', 'rdma_en3')])).toEqual([])
    expect(mirroredRdmaEdges([there, edge(b, a, 'rdma_en2', 'rdma_en1')])).toHaveLength(2)
  })
})
