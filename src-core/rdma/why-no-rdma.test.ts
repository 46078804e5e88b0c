import { beforeEach, describe, expect, it } from 'vitest'
import type { NodeId } from '../ids'
import type { RdmaReason } from '../state/rdma'
import { addMac, change, changeDevice, changePort, plug, unplug } from '../testing/cabled-macs'
import { World } from '../testing/world'
import { rdmaReports } from './edges'
import { isTooOld } from './machine'
import { pairsWithoutRdma, rdmaRisks, whyNoRdma } from './why-no-rdma'

describe('why two machines have no RDMA between them', () => {
  let world: World
  let mini: NodeId
  let studio: NodeId
  beforeEach(() => {
    world = new World()
    mini = addMac(world, 'mini')
    studio = addMac(world, 'studio', { model: 'Mac Studio', receptacles: 6 })
    world.connect([mini, studio])
    plug(world, [mini, 1], [studio, 3])
  })
  const report = () => {
    for (const self of Object.values(world.state.nodes)) world.apply(...rdmaReports(world.state, self.nodeId))
  }
  const why = () => whyNoRdma(world.state, mini, studio)
  const os = (changes: object) => change(world, mini, (info) => ({ ...info, os: { ...info.os, ...changes } }))
  const status = (nodeId: NodeId, to: 'disabled' | 'unavailable' | 'unknown') =>
    change(world, nodeId, (info) => ({ ...info, rdma: { status: to, devices: [] } }))
  const bridge = (nodeId: NodeId, ...members: string[]) =>
    change(world, nodeId, (info) => ({
      ...info,
      thunderbolt: { ports: info.thunderbolt?.ports ?? [], bridges: [{ name: 'bridge0', members, active: true }] },
    }))

  it('is empty if they have', () => {
    report()
    expect(why()).toEqual([])
    expect(whyNoRdma(world.state, studio, mini)).toEqual([])
  })

  it.each<[string, () => void, Partial<RdmaReason>[]]>([
    [
      'one is offline',
      () => world.apply({ type: 'NodeTimedOut', nodeId: mini }),
      [{ code: 'offline', nodeId: 'mini' as NodeId, text: 'mini is offline' }],
    ],
    ['one is no Mac', () => os({ platform: 'linux' }), [{ code: 'not_a_mac', text: 'mini is not a Mac' }]],
    [
      'macOS is too old',
      () => os({ version: '26.1' }),
      [{ code: 'macos_too_old', text: 'mini runs macOS 26.1, and 26.2 is needed' }],
    ],
    [
      'one has Thunderbolt 4, in whatever state its ports are',
      () => {
        for (const receptacle of [1, 2, 3]) changePort(world, mini, receptacle, { linkGbps: undefined, maxGbps: 40 })
        changePort(world, mini, 1, { linkGbps: 40, maxGbps: undefined })
      },
      [{ code: 'thunderbolt_4', text: 'mini has only Thunderbolt 4' }],
    ],
    [
      'it is not enabled at one end, which also keeps the ports down',
      () => {
        status(mini, 'disabled')
        changeDevice(world, studio, 3, { port: 'down' })
      },
      [{ code: 'not_enabled', nodeId: 'mini' as NodeId, text: 'not enabled on mini' }],
    ],
    [
      'it is enabled at neither',
      () => {
        status(mini, 'disabled')
        status(studio, 'disabled')
      },
      [{ text: 'not enabled on mini' }, { text: 'not enabled on studio' }],
    ],
    ['macOS has no such thing', () => status(mini, 'unavailable'), [{ code: 'unavailable' }]],
    ['rdma_ctl says something else', () => status(mini, 'unknown'), [{ code: 'status_unknown' }]],
    [
      'nothing is known of its ports yet',
      () => change(world, mini, ({ thunderbolt: _ports, rdma: _rdma, ...info }) => info),
      [{ code: 'not_read', nodeId: 'mini' as NodeId }],
    ],
    [
      'there is no cable',
      () => {
        unplug(world, mini, 1)
        unplug(world, studio, 3)
      },
      [{ code: 'no_cable', text: 'there is no Thunderbolt cable between mini and studio' }],
    ],
    [
      'it is not enabled and there is no cable',
      () => {
        status(mini, 'disabled')
        unplug(world, studio, 3)
      },
      [{ code: 'not_enabled' }, { code: 'no_cable' }],
    ],
    [
      'the cable is slow',
      () => plug(world, [mini, 1], [studio, 3], { gbps: 40 }),
      [{ code: 'cable_speed', text: 'the cable between mini and studio gives 40 Gb/s, and 80 are needed' }],
    ],
    [
      'it is in the port next to Ethernet',
      () => {
        unplug(world, studio, 3)
        plug(world, [mini, 1], [studio, 2])
      },
      [{ code: 'studio_port', nodeId: 'studio' as NodeId, interfaceName: 'en2' }],
    ],
    [
      'its port is in a bridge',
      () => bridge(mini, 'en1', 'en2'),
      [{ code: 'bridge', interfaceName: 'en1', bridge: 'bridge0', text: 'en1 of mini is part of bridge0' }],
    ],
    [
      'it has no device',
      () => change(world, mini, (info) => ({ ...info, rdma: { status: 'enabled', devices: [] } })),
      [{ code: 'no_device', text: 'en1 of mini has no RDMA device' }],
    ],
    ['a port is down', () => changeDevice(world, mini, 1, { port: 'down' }), [{ text: 'rdma_en1 of mini is down' }]],
    [
      'an address is missing at both ends',
      () => {
        changeDevice(world, mini, 1, { hasAddress: false })
        changeDevice(world, studio, 3, { hasAddress: false })
      },
      [{ text: 'en1 of mini has no IPv4 address' }, { text: 'en3 of studio has no IPv4 address' }],
    ],
    [
      'a device does not answer',
      () => changeDevice(world, studio, 3, { health: 'unhealthy', problem: 'it did not answer within 5 seconds' }),
      [{ code: 'unhealthy', text: 'rdma_en3 of studio does not work: it did not answer within 5 seconds' }],
    ],
    [
      'they do not reach each other over the network',
      () => {
        for (const edge of Object.values(world.state.topology.edges))
          if ('ip' in edge && edge.from === mini) world.apply({ type: 'TopologyEdgeDeleted', edge })
      },
      [{ code: 'not_connected' }],
    ],
    ['it is about to be reported', () => undefined, [{ code: 'not_reported' }]],
  ])('is given if %s', (_what, happens, reasons) => {
    happens()
    expect(why()).toMatchObject(reasons)
    expect(why()).toHaveLength(reasons.length)
  })

  it('concerns the cable with the fewest reasons', () => {
    plug(world, [mini, 1], [studio, 3], { gbps: 40 })
    changeDevice(world, mini, 1, { hasAddress: false })
    plug(world, [mini, 3], [studio, 5])
    bridge(mini, 'en1', 'en3')
    expect(why().map(({ text }) => text)).toEqual(['en3 of mini is part of bridge0'])
  })

  it('is listed for each pair without RDMA, and for no other', () => {
    const book = addMac(world, 'book')
    world.connect([book, mini])
    world.connect([book, studio])
    report()
    expect(pairsWithoutRdma(world.state, [mini, studio, book])).toMatchObject([
      { nodeIds: ['mini', 'book'], reasons: [{ code: 'no_cable' }] },
      { nodeIds: ['studio', 'book'], reasons: [{ code: 'no_cable' }] },
    ])
  })

  it('warns about different versions of macOS, and different builds', () => {
    expect(rdmaRisks(world.state, mini, studio)).toEqual([])
    os({ version: '26.6.2', build: '25G83' })
    expect(rdmaRisks(world.state, mini, studio)).toMatchObject([
      { code: 'versions_differ', text: 'mini runs macOS 26.6.2 (25G83), studio 26.5.1 (25F80)' },
    ])
    os({ version: '26.5.1', build: '25F81' })
    expect(rdmaRisks(world.state, mini, studio)).toHaveLength(1)
    os({ build: undefined })
    expect(rdmaRisks(world.state, mini, studio)).toEqual([])
  })
})

describe('a version of macOS', () => {
  it.each([
    ['15.7.5', true],
    ['26.1', true],
    ['26.1.9', true],
    ['26.2', false],
    ['26.10', false],
    ['27.0', false],
    ['unknown', false],
  ])('%s is too old for RDMA: %s', (version, tooOld) => {
    expect(isTooOld(version)).toBe(tooOld)
  })
})
