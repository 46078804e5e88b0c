import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { NodeId } from '@core/ids'
import { PEER_PROTOCOL } from '@core/protocols/peer'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { addMac, changeDevice, plug } from '@core/testing/cabled-macs'
import { World } from '@core/testing/world'
import { MOST_HEARD_FROM, Prober } from './prober'
import { monotonic } from '@core/time/clocks'

/** Two machines that probe each other over the loopback network, and a cluster that accepts their reports. */
describe('two Macs that probe each other', () => {
  let world: World
  let nodes: readonly [NodeId, NodeId]
  let probers: Map<NodeId, Prober>
  beforeEach(async () => {
    world = new World()
    nodes = [addMac(world, 'a'), addMac(world, 'b')]
    probers = new Map()
    for (const self of nodes) {
      const prober = await Prober.open({
        self,
        port: 0,
        state: () => world.state,
        links: () => [],
        members: () => nodes,
        observe: (event) => world.apply(event),
        measure: () => Promise.reject(new Error('not measured here')),
        isBusy: () => true,
        log: { info: () => undefined, warn: () => undefined },
      })
      probers.set(self, prober)
    }
    const [a, b] = nodes
    meet(a, b)
    meet(b, a)
  })
  afterEach(() => {
    for (const prober of probers.values()) prober.close()
  })

  /** Opens the link between the two; the peer has sent its probe port. */
  const meet = (self: NodeId, peer: NodeId, remoteAddress = '127.0.0.1'): void => {
    const there = probers.get(peer)
    if (!there) throw new Error(`${peer} does not probe`)
    probers.get(self)?.linked({
      peer,
      remoteAddress,
      heardAt: monotonic(-Infinity),
      peerHello: {
        type: 'hello',
        protocols: { from: PEER_PROTOCOL, to: PEER_PROTOCOL },
        boot: peer,
        version: '1.0.0',
        clusterId: 'test',
        port: 1,
        addresses: ['127.0.0.1'],
        probe: { port: there.port, key: there.key.toString('base64') },
      },
    })
  }
  const edges = (kind: 'socket' | 'rdma') =>
    edgesOf(world.state.topology)
      .filter((edge) => isSocketEdge(edge) === (kind === 'socket'))
      .map(({ from, to }) => `${from}>${to}`)
      .sort()
  const until = (seen: () => void) => vi.waitFor(seen, { timeout: 30_000, interval: 20 })
  const both = ['a>b', 'b>a']

  it('tell their RDMA connections while they answer, and lose them with the last answer', async () => {
    const [a, b] = nodes
    plug(world, [a, 1], [b, 2])
    await until(() => expect([edges('socket'), edges('rdma')]).toEqual([both, both]))
    probers.get(b)?.close()
    probers.delete(b)
    await until(() => expect([edges('socket'), edges('rdma')]).toEqual([[], []]))
    // Each edge was created once, so none was removed and created again in between.
    const told = world.log.flatMap((event) => (event.type === 'TopologyEdgeCreated' ? [event.edge] : []))
    expect(told.filter((edge) => !isSocketEdge(edge))).toHaveLength(2)
  })

  // Other systems answer at one loopback address only.
  it.runIf(process.platform === 'linux')('probe the latest addresses of a machine that often moves', async () => {
    const [a, b] = nodes
    const moves = Array.from({ length: 20 }, (_, at) => `127.0.1.${at + 1}`)
    for (const address of moves) meet(a, b, address)
    const probed = ['127.0.0.1', ...moves.slice(-MOST_HEARD_FROM)].sort()
    const reached = (): string[] =>
      edgesOf(world.state.topology).flatMap((edge) => (isSocketEdge(edge) && edge.from === a ? [edge.ip] : []))
    await until(() => expect(reached().sort()).toEqual(probed))
  })

  it('take back those whose port went down, and nothing else', async () => {
    const [a, b] = nodes
    plug(world, [a, 1], [b, 2])
    await until(() => expect(edges('rdma')).toEqual(both))
    changeDevice(world, b, 2, { port: 'down' })
    await until(() => expect(edges('rdma')).toEqual([]))
    expect(edges('socket')).toEqual(both)
  })
})
