import { beforeEach, describe, expect, it } from 'vitest'
import { place, type PlacementResult } from '@core/placement/place'
import { rdmaReports, whyNoRdma } from '@core/rdma/index'
import { NodeInfo } from '@core/state/nodes'
import { edgesOf, isSocketEdge } from '@core/state/topology'
import { smallCard, World } from '@core/testing/world'
import type { NodeId } from '@core/ids'
import { thisMachine, type Machine } from '../machine'
import { FakeMac, idleLaptop, laptop, studio } from '../testing/fake-mac'
import { macosReader } from './reader'

/**
 * Simulated Macs, from the output of their programs to the device matrix that MLX gets: only the programs are fake.
 */
class Macs {
  readonly world = new World()
  private readonly machines = new Map<NodeId, Machine>()
  private now = 0

  add(name: string, mac: FakeMac): NodeId {
    const nodeId = this.world.addNode(name)
    const reader = macosReader({ execute: mac.execute })
    const options = { modelsDir: '/', heldByRunners: () => 0, platform: 'darwin', reader, now: () => this.now } as const
    this.machines.set(nodeId, thisMachine(options))
    for (const other of this.machines.keys()) {
      if (other === nodeId) continue
      const edge = { ip: `10.0.0.${this.machines.size}`, port: 1, interfaceType: 'ethernet' } as const
      this.world.apply(
        { type: 'TopologyEdgeCreated', edge: { ...edge, from: nodeId, to: other } },
        { type: 'TopologyEdgeCreated', edge: { ...edge, from: other, to: nodeId } },
      )
    }
    return nodeId
  }

  /**
   * Advances the clock by a minute: every machine reads its facts and reports them, with the RDMA edges that follow.
   */
  async minute(): Promise<void> {
    this.now += 60_000
    for (const [nodeId, machine] of this.machines) {
      const read = new Promise<void>((resolve) => machine.onNews(resolve))
      await machine.gather()
      await read
      const facts = await machine.gather()
      const info = NodeInfo.parse({ ...facts, version: '1.0.0', protocol: 1, worker: true })
      this.world.apply({ type: 'NodeGatheredInfo', nodeId, info })
    }
    for (const nodeId of this.machines.keys()) this.world.apply(...rdmaReports(this.world.state, nodeId))
  }

  edges(): string[] {
    return edgesOf(this.world.state.topology)
      .flatMap((edge) =>
        isSocketEdge(edge) ? [] : [`${edge.from}.${edge.fromInterface} > ${edge.to}.${edge.toInterface}`],
      )
      .sort()
  }

  place(minNodes = 2): PlacementResult {
    const request = {
      sharding: 'Pipeline',
      instanceMeta: 'MlxJaccl',
      minNodes,
      placementPreference: 'largest',
    } as const
    return place(this.world.state, smallCard, request)
  }

  devices(minNodes = 2): unknown {
    const result = this.place(minNodes)
    if (result.status === 'refused') return result.error.reason
    const { shards, jaccl } = result.placement
    return [shards.map(({ nodeId }) => nodeId), jaccl?.devices]
  }
}

describe('two Macs with a Thunderbolt 5 cable', () => {
  let macs: Macs
  let book: FakeMac
  let desk: FakeMac
  let nodes: [NodeId, NodeId]
  beforeEach(async () => {
    macs = new Macs()
    book = laptop()
    desk = studio()
    nodes = [macs.add('book', book), macs.add('studio', desk)]
    await macs.minute()
  })
  const codes = () => whyNoRdma(macs.world.state, ...nodes).map(({ code, nodeId }) => [code, nodeId])

  it('are joined by RDMA, each by its own interface, and MLX is told so', () => {
    expect(macs.edges()).toEqual(['book.rdma_en1 > studio.rdma_en3', 'studio.rdma_en3 > book.rdma_en1'])
    expect(macs.devices()).toEqual([
      ['book', 'studio'],
      [
        [null, 'rdma_en1'],
        ['rdma_en3', null],
      ],
    ])
    expect(codes()).toEqual([])
  })

  it('report nothing more once everything was reported', () => {
    for (const nodeId of nodes) expect(rdmaReports(macs.world.state, nodeId)).toEqual([])
  })

  it('are joined again when the cable moves to another port', async () => {
    desk.unplug(2)
    FakeMac.plug([book, 1], [desk, 5])
    await macs.minute()
    expect(macs.edges()).toEqual(['book.rdma_en1 > studio.rdma_en6', 'studio.rdma_en6 > book.rdma_en1'])
    book.unplug(1)
    FakeMac.plug([book, 2], [desk, 5])
    await macs.minute()
    expect(macs.edges()).toEqual(['book.rdma_en6 > studio.rdma_en6', 'studio.rdma_en6 > book.rdma_en6'])
  })

  it('are not joined while only one has noticed that a cable moved', async () => {
    // Only the Studio has reported the change so far.
    desk.unplug(2)
    await macs.minute()
    expect(macs.edges()).toEqual([])
    expect(codes()).toEqual([['no_cable', undefined]])
  })

  it('get one cable with both its ends where there are several', async () => {
    FakeMac.plug([book, 3], [desk, 3])
    await macs.minute()
    expect(macs.edges()).toHaveLength(4)
    expect(macs.devices()).toEqual([
      ['book', 'studio'],
      [
        [null, 'rdma_en1'],
        ['rdma_en3', null],
      ],
    ])
    book.unplug(1)
    desk.unplug(2)
    await macs.minute()
    expect(macs.devices()).toEqual([
      ['book', 'studio'],
      [
        [null, 'rdma_en2'],
        ['rdma_en4', null],
      ],
    ])
  })

  it.each<[string, () => void, [string, string | undefined][]]>([
    ['RDMA is off at one end', () => book.plays('rdmaStatus', 'rdma_status_disabled.txt'), [['not_enabled', 'book']]],
    ['its ports are in a bridge', () => book.plays('ifconfig', 'ifconfig_mbp_bridge.txt'), [['bridge', 'book']]],
    [
      'the port is down at one end',
      () => book.plays('ibvDevinfo', 'ibv_devinfo_mbp_m5max_all_down.txt'),
      [['port_down', 'book']],
    ],
    ['no device is there', () => book.plays('ibvDevices', 'ibv_devices_none.txt'), [['no_device', 'book']]],
    ['the cable is slow', () => FakeMac.plug([book, 1], [desk, 2], { speed: '40 Gb/s' }), [['cable_speed', undefined]]],
    ['a device hangs', () => book.hanging.add('ibv_devinfo -d rdma_en1 -v'), [['unhealthy', 'book']]],
    ['a device is not found', () => book.plays('ibvDevinfo', 'ibv_devinfo_none.txt'), [['unhealthy', 'book']]],
    [
      'the port next to Ethernet is used',
      () => {
        desk.unplug(2)
        FakeMac.plug([book, 1], [desk, 1])
      },
      [['studio_port', 'studio']],
    ],
  ])('are not joined where %s', async (_what, change, reasons) => {
    change()
    await macs.minute()
    expect(macs.edges()).toEqual([])
    expect(codes()).toEqual(reasons)
    expect(macs.devices()).toContain('no RDMA-connected machines are available')
  })

  it('do not open their devices again while one of them has a hanging probe', async () => {
    book.hanging.add('ibv_devinfo -d rdma_en1 -v')
    await macs.minute()
    await macs.minute()
    const opened = book.asked.filter((command) => command === 'ibv_devinfo -d rdma_en1 -v')
    expect(opened).toHaveLength(2)
    expect(codes()).toEqual([['unhealthy', 'book']])
  })

  it('are no longer joined when one does not answer any more, and again when it does', async () => {
    const sockets = edgesOf(macs.world.state.topology).filter(isSocketEdge)
    for (const edge of sockets) macs.world.apply({ type: 'TopologyEdgeDeleted', edge })
    await macs.minute()
    expect(macs.edges()).toEqual([])
    expect(codes()).toEqual([['not_connected', undefined]])
    for (const edge of sockets) macs.world.apply({ type: 'TopologyEdgeCreated', edge })
    await macs.minute()
    expect(macs.edges()).toHaveLength(2)
  })
})

describe('Macs in other arrangements', () => {
  const why = (macs: Macs, a: NodeId, b: NodeId) =>
    whyNoRdma(macs.world.state, a, b).map(({ code, nodeId }) => (nodeId === undefined ? code : `${code} ${nodeId}`))

  it('are three in a triangle, with a device for each pair', async () => {
    const macs = new Macs()
    const [a, b, c] = [studio(), idleLaptop(), idleLaptop()]
    // Two machines of one recording: the second gets its own domains.
    c.isAnother()
    a.unplug(2)
    macs.add('studio', a)
    macs.add('left', b)
    macs.add('right', c)
    FakeMac.plug([a, 2], [b, 2])
    FakeMac.plug([a, 3], [c, 1])
    FakeMac.plug([b, 3], [c, 3])
    await macs.minute()
    expect(macs.devices(3)).toEqual([
      ['studio', 'left', 'right'],
      [
        [null, 'rdma_en3', 'rdma_en4'],
        ['rdma_en6', null, 'rdma_en2'],
        ['rdma_en1', 'rdma_en2', null],
      ],
    ])
    b.unplug(3)
    c.unplug(3)
    await macs.minute()
    expect(macs.devices(3)).toBe(
      'no 3 machines have RDMA between every two of them (left – right: there is no Thunderbolt cable between left and right)',
    )
  })

  it('have two connections, of which the one through a dock is too slow', async () => {
    const macs = new Macs()
    const desk = studio()
    desk.plays('thunderbolt', 'thunderbolt_mac_studio_m3ultra_peer_behind_dock.json')
    const book = laptop()
    book.plays('thunderbolt', 'thunderbolt_mbp_m4max_two_links_80_and_40.json')
    const nodes = [macs.add('studio', desk), macs.add('book', book)] as const
    await macs.minute()
    expect(macs.edges()).toEqual(['book.rdma_en1 > studio.rdma_en3', 'studio.rdma_en3 > book.rdma_en1'])
    desk.unplug(2)
    book.unplug(1)
    await macs.minute()
    expect(macs.edges()).toEqual([])
    expect(whyNoRdma(macs.world.state, ...nodes)[0]).toMatchObject({
      code: 'cable_speed',
      text: 'the route through a dock between studio and book gives 40 Gb/s, and 80 are needed',
    })
  })

  it('see each other, but RDMA is off at one of them', async () => {
    const macs = new Macs()
    const [off, on] = [idleLaptop(), idleLaptop()]
    off.plays('thunderbolt', 'thunderbolt_mbp_m5max_rdma_off_with_peer_and_dock.json')
    off.plays('rdmaStatus', 'rdma_status_disabled.txt')
    off.plays('ibvDevices', 'ibv_devices_none.txt')
    on.plays('thunderbolt', 'thunderbolt_mbp_m5max_rdma_on_with_peer_and_ssd.json')
    const nodes = [macs.add('off', off), macs.add('on', on)] as const
    await macs.minute()
    expect(why(macs, ...nodes)).toEqual(['not_enabled off'])
    expect(macs.devices()).toBe(
      'Requested RDMA (MlxJaccl) but no RDMA-connected machines are available (off – on: not enabled on off)',
    )
  })

  it('have no RDMA over Thunderbolt 4, whatever rdma_ctl says', async () => {
    const macs = new Macs()
    const old = idleLaptop()
    old.plays('thunderbolt', 'thunderbolt_tb4_mbp_idle.json')
    const nodes = [macs.add('old', old), macs.add('studio', studio())] as const
    await macs.minute()
    expect(macs.world.state.nodes[nodes[0]]?.rdma?.status).toBe('enabled')
    expect(why(macs, ...nodes)).toEqual(['thunderbolt_4 old'])
  })

  it('have none with a macOS before 26.2, nor without rdma_ctl', async () => {
    const macs = new Macs()
    const old = idleLaptop()
    old.plays('swVers', 'sw_vers_15_7_5.txt')
    const bare = new FakeMac({ swVers: 'sw_vers_26_5_1.txt', thunderbolt: 'thunderbolt_vm_none.json' })
    const nodes = [macs.add('old', old), macs.add('virtual', bare)] as const
    await macs.minute()
    expect(why(macs, ...nodes)).toEqual(['macos_too_old old', 'unavailable virtual', 'no_cable'])
  })
})
