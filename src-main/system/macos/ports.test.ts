import { describe, expect, it } from 'vitest'
import type { PortFacts } from '../facts'
import { FakeMac, laptop } from '../testing/fake-mac'
import { recorded } from '../testing/recordings'
import { parseThunderboltInterfaces } from './hardware-ports'
import { parseIfconfig } from './ifconfig'
import { macPorts } from './ports'
import { parseIbvDevices, parseIbvDevinfo } from './rdma-devices'
import { parseRdmaStatus } from './rdma-status'
import { parseThunderbolt } from './thunderbolt'

const thunderbolt = (name: string) => parseThunderbolt(recorded(`thunderbolt_${name}.json`))
const exited = (stdout: string, stderr = '') => ({ ended: 'exited', stdout, stderr }) as const

describe('Thunderbolt ports', () => {
  it('come in the order of their numbers, with what each can do at most', () => {
    const idle = { maxGbps: 120, peers: [] }
    expect(thunderbolt('tb5_mbp_idle')).toEqual([
      { receptacle: 1, domainUuid: 'A1B25A5A-1E76-415A-9200-0C0FFEE5FFFA', ...idle },
      { receptacle: 2, domainUuid: 'A1B25B5B-1E7D-415B-9200-0C0FFEE6110B', ...idle },
      { receptacle: 3, domainUuid: 'A1B25C5C-1E84-415C-9200-0C0FFEE6221C', ...idle },
    ])
    expect(thunderbolt('tb5_mbp_idle_minified_escaped')).toEqual(thunderbolt('tb5_mbp_idle'))
    for (const name of ['tb4_mbp_idle', 'tb4_mini_idle_2ports'])
      expect(thunderbolt(name)?.map(({ maxGbps }) => maxGbps)).toEqual(expect.arrayContaining([40]))
  })

  it('need not be numbered without gaps', () => {
    const numbers = thunderbolt('tb4_mini_m4_idle_receptacles_1_2_4')?.map(({ receptacle }) => receptacle)
    expect(numbers).toEqual([1, 2, 4])
  })

  it('name the Mac at the other end as it names this one', () => {
    expect(thunderbolt('mbp_m5max_peer_studio')?.[0]).toEqual({
      receptacle: 1,
      domainUuid: 'A1B21515-1C93-4115-9200-0C0FFEE16665',
      linkGbps: 80,
      peers: [{ domainUuid: 'A1B21F1F-1CD9-411F-9200-0C0FFEE2110F', model: 'Mac15,14', throughDock: false }],
    })
    expect(thunderbolt('mac_studio_m3ultra_peer_and_drive')?.[1]).toMatchObject({
      receptacle: 2,
      domainUuid: 'A1B21F1F-1CD9-411F-9200-0C0FFEE2110F',
      peers: [{ domainUuid: 'A1B21515-1C93-4115-9200-0C0FFEE16665', model: 'Mac17,7' }],
    })
  })

  it('show no Mac where a drive or a dock is plugged in', () => {
    expect(thunderbolt('mac_studio_m3ultra_peer_and_drive')?.[3]).toMatchObject({ linkGbps: 80, peers: [] })
    expect(thunderbolt('mbp_m5max_rdma_off_with_peer_and_dock')?.[2]).toMatchObject({ linkGbps: 80, peers: [] })
    expect(thunderbolt('mbp_m5max_rdma_on_with_peer_and_ssd')?.[2]).toMatchObject({ linkGbps: 40, peers: [] })
    expect(thunderbolt('tb4_two_peers')?.map(({ peers }) => peers.map(({ model }) => model))).toEqual(
      expect.arrayContaining([['Mac14,6'], ['Mac14,12'], []]),
    )
  })

  it('show a Mac behind a dock, with the speed of the connection to it', () => {
    expect(thunderbolt('mac_studio_m3ultra_peer_behind_dock')?.[4]?.peers).toEqual([
      { domainUuid: 'A1B23434-1D6C-4134-9200-0C0FFEE37774', model: 'Mac16,5', throughDock: true, linkGbps: 40 },
    ])
    // Only one side sees the dock.
    expect(thunderbolt('mbp_m4max_two_links_80_and_40')?.[2]?.peers).toMatchObject([{ throughDock: false }])
  })

  it('are as slow as the slowest of several docks', () => {
    const dock = (speed: string, below: object) => ({
      _items: [below],
      receptacle_upstream_ambiguous_tag: {
        current_speed_key: speed,
        receptacle_status_key: 'receptacle_connected',
      },
    })
    const peer = { domain_uuid_key: 'THERE' }
    const bus = {
      _items: [dock('80 Gb/s', dock('40 Gb/s', peer))],
      domain_uuid_key: 'HERE',
      receptacle_1_tag: {
        current_speed_key: '80 Gb/s',
        receptacle_id_key: '1',
        receptacle_status_key: 'receptacle_connected',
      },
    }
    expect(parseThunderbolt(JSON.stringify({ SPThunderboltDataType: [bus] }))?.[0]?.peers).toEqual([
      { domainUuid: 'THERE', throughDock: true, linkGbps: 40 },
    ])
  })

  it('are none on a virtual machine, and unknown where there is no report', () => {
    expect(thunderbolt('vm_none')).toEqual([])
    expect(thunderbolt('no_such_type')).toBeUndefined()
    for (const text of ['', '[]', '{"SPThunderboltDataType": [3]}']) expect(parseThunderbolt(text)).toBeUndefined()
  })

  it.each([
    ['hardwareports_mbp_m5max.txt', { 1: 'en1', 2: 'en6', 3: 'en2' }],
    ['hardwareports_mini_m4.txt', { 1: 'en2', 2: 'en3', 4: 'en4' }],
    ['hardwareports_studio_m4max.txt', { 1: 'en2', 2: 'en3', 3: 'en4', 4: 'en5' }],
    ['hardwareports_studio_m3ultra_no_bridge.txt', { 1: 'en2', 2: 'en3', 3: 'en4', 4: 'en5', 5: 'en6', 6: 'en7' }],
  ])('have the interface of the hardware port of that number (%s)', (name, interfaces) => {
    expect(Object.fromEntries(parseThunderboltInterfaces(recorded(name)))).toEqual(interfaces)
  })
})

describe('network interfaces', () => {
  const named = (file: string, name: string) => parseIfconfig(recorded(file)).find((one) => one.name === name)

  it('are listed with their addresses, and whether anything is at the other end', () => {
    expect(named('ifconfig_tb_port_active_no_bridge.txt', 'en2')).toEqual({
      name: 'en2',
      active: true,
      addresses: ['169.254.17.34'],
      members: [],
    })
    const file = 'ifconfig_studio_m3ultra_no_bridge.txt'
    expect(named(file, 'en2')).toMatchObject({ active: false, addresses: [] })
    // Plugged in, without an address.
    expect(named(file, 'en5')).toMatchObject({ active: true, addresses: [] })
    expect(named(file, 'en7')).toMatchObject({ addresses: ['192.168.0.1'] })
    expect(named(file, 'utun1')).toMatchObject({ active: undefined, addresses: ['100.101.7.9'] })
    expect(parseIfconfig(recorded(file)).some(({ members }) => members.length > 0)).toBe(false)
  })

  it.each([
    ['ifconfig_mbp_bridge.txt', ['en1', 'en2', 'en3'], false],
    ['ifconfig_bridge_up_with_ip.txt', ['en1', 'en2', 'en3'], true],
    ['ifconfig_v_m1_two_tb_bridge.txt', ['en1', 'en2'], false],
  ])('are in a bridge (%s)', (file, members, active) => {
    expect(named(file, 'bridge0')).toMatchObject({ members, active })
  })

  it('are all found', () => {
    const names = parseIfconfig(recorded('ifconfig_mbp_bridge.txt')).map(({ name }) => name)
    expect(names).toHaveLength(24)
    expect(names).toContain('lo0')
    expect(parseIfconfig('ifconfig: interface bridge0 does not exist\n')).toEqual([])
  })
})

describe('RDMA', () => {
  it('is judged by the output of rdma_ctl', () => {
    expect(parseRdmaStatus(exited(recorded('rdma_status_enabled.txt')))).toBe('enabled')
    expect(parseRdmaStatus(exited(recorded('rdma_status_disabled.txt')))).toBe('disabled')
    expect(parseRdmaStatus(exited(recorded('rdma_status_unknown_word.txt')))).toBe('unknown')
    expect(parseRdmaStatus(exited('', 'rdma_ctl: This tool needs to be executed from Recovery OS.\n'))).toBe('unknown')
    expect(parseRdmaStatus({ ended: 'missing' })).toBe('unavailable')
    expect(parseRdmaStatus({ ended: 'time_limit', gone: Promise.resolve() })).toBe('unknown')
  })

  it.each([
    ['ibv_devices_none.txt', []],
    ['ibv_devices_mbp_m5max.txt', ['rdma_en1', 'rdma_en6', 'rdma_en2']],
    ['ibv_devices_mini_m4pro.txt', ['rdma_en2', 'rdma_en3', 'rdma_en4']],
    ['ibv_devices_studio_m3ultra.txt', ['rdma_en2', 'rdma_en3', 'rdma_en5', 'rdma_en4', 'rdma_en6', 'rdma_en7']],
    ['ibv_devices_spaces_not_tabs.txt', ['rdma_en1', 'rdma_en7']],
  ])('has these devices (%s)', (name, devices) => {
    expect(parseIbvDevices(recorded(name))).toEqual(devices)
  })

  it.each([
    ['ibv_devinfo_none.txt', {}],
    ['ibv_devinfo_mbp_m5max_all_down.txt', { rdma_en1: 'down', rdma_en6: 'down', rdma_en2: 'down' }],
    ['ibv_devinfo_mbp_m5max_one_active.txt', { rdma_en1: 'active', rdma_en6: 'down', rdma_en2: 'down' }],
    [
      'ibv_devinfo_studio_m3ultra_en3_en4_active.txt',
      {
        rdma_en2: 'down',
        rdma_en3: 'active',
        rdma_en5: 'down',
        rdma_en4: 'active',
        rdma_en6: 'down',
        rdma_en7: 'down',
      },
    ],
  ])('tells which ports are active (%s)', (name, ports) => {
    expect(Object.fromEntries(parseIbvDevinfo(recorded(name)).map((shown) => [shown.name, shown.port]))).toEqual(ports)
  })

  it('tells whether a device has a GID for an IPv4 address, where it was asked', () => {
    const gid = (name: string) => parseIbvDevinfo(recorded(name))[0]?.hasIpv4Gid
    expect(gid('ibv_devinfo_v_mini_m4pro_ipv4.txt')).toBe(true)
    expect(gid('ibv_devinfo_v_mini_m4pro_no_ipv4.txt')).toBe(false)
    expect(gid('ibv_devinfo_mbp_m5max_one_active.txt')).toBeUndefined()
  })
})

describe('the ports of a Mac', () => {
  const devices = (facts: PortFacts | undefined) =>
    Object.fromEntries((facts?.rdma.devices ?? []).map(({ name, port, health }) => [name, `${port} ${health}`]))

  it('are read with interfaces, bridges and devices', async () => {
    const mac = laptop()
    expect(await macPorts(mac).read({ mayProbe: true })).toMatchObject({
      thunderbolt: {
        ports: [
          { receptacle: 1, interfaceName: 'en1', linkGbps: 80 },
          { receptacle: 2, interfaceName: 'en6', maxGbps: 120 },
          { receptacle: 3, interfaceName: 'en2', maxGbps: 120 },
        ],
        bridges: [],
      },
      rdma: {
        status: 'enabled',
        devices: [
          { name: 'rdma_en1', interfaceName: 'en1', port: 'active', hasAddress: true, health: 'healthy' },
          { name: 'rdma_en6', interfaceName: 'en6', port: 'down', hasAddress: false, health: 'healthy' },
          { name: 'rdma_en2', interfaceName: 'en2', port: 'down', hasAddress: false, health: 'healthy' },
        ],
      },
    })
    mac.plays('ifconfig', 'ifconfig_bridge_up_with_ip.txt')
    expect(await macPorts(mac).read({ mayProbe: true })).toMatchObject({
      thunderbolt: { bridges: [{ name: 'bridge0', members: ['en1', 'en2', 'en3'], active: true }] },
    })
  })

  it('cannot use an address without a GID', async () => {
    const mac = new FakeMac({
      thunderbolt: 'thunderbolt_tb5_mbp_idle.json',
      hardwarePorts: 'hardwareports_mini_m4.txt',
      ifconfig: 'ifconfig_tb_port_active_no_bridge.txt',
      rdmaStatus: 'rdma_status_enabled.txt',
      ibvDevices: 'ibv_devices_mini_m4pro.txt',
      ibvDevinfo: 'ibv_devinfo_v_mini_m4pro_no_ipv4.txt',
    })
    const ofFirst = async () => (await macPorts(mac).read({ mayProbe: true }))?.rdma.devices[0]
    expect(await ofFirst()).toMatchObject({ name: 'rdma_en2', port: 'active', hasAddress: false })
    mac.plays('ibvDevinfo', 'ibv_devinfo_v_mini_m4pro_ipv4.txt')
    expect(await ofFirst()).toMatchObject({ hasAddress: true })
  })

  it('are read without opening a device when that would disturb, with its last known values', async () => {
    const mac = laptop()
    const ports = macPorts(mac)
    expect(devices(await ports.read({ mayProbe: false }))['rdma_en1']).toBe('unknown unknown')
    expect(mac.asked.some((command) => command.startsWith('ibv_devinfo'))).toBe(false)
    await ports.read({ mayProbe: true })
    mac.plays('ibvDevinfo', 'ibv_devinfo_mbp_m5max_all_down.txt')
    expect(devices(await ports.read({ mayProbe: false }))['rdma_en1']).toBe('active healthy')
    expect(devices(await ports.read({ mayProbe: true }))['rdma_en1']).toBe('down healthy')
  })

  it('are marked by what comes and goes', async () => {
    const mac = laptop()
    const ports = macPorts(mac)
    const before = (await ports.glance()).mark
    expect((await ports.glance()).mark).toBe(before)
    mac.unplug(1)
    expect((await ports.glance()).mark).not.toBe(before)
  })

  it('are down at the first glance after a cable was pulled or an address lost, and up when they were read', async () => {
    const mac = laptop()
    const ports = macPorts(mac)
    const known = await ports.read({ mayProbe: true })
    if (!known) throw new Error('nothing was read')
    const first = async () => (await ports.glance()).correct(known).rdma.devices[0]
    expect(await first()).toMatchObject({ port: 'active', hasAddress: true })
    mac.plays('ifconfig', 'ifconfig_mbp_bridge.txt')
    expect(await first()).toMatchObject({ port: 'down', hasAddress: false })
    expect((await ports.glance()).correct(known).thunderbolt.bridges).toMatchObject([{ name: 'bridge0' }])
    const down = {
      ...known,
      rdma: { ...known.rdma, devices: known.rdma.devices.map((one) => ({ ...one, port: 'down' as const })) },
    }
    mac.plays('ifconfig', 'ifconfig_mbp_m5max_en1_active_no_bridge.txt')
    expect((await ports.glance()).correct(down).rdma.devices[0]).toMatchObject({ port: 'down' })
  })

  it.each([
    'system_profiler SPThunderboltDataType -json',
    'ifconfig',
    'networksetup -listallhardwareports',
    'rdma_ctl status',
    'ibv_devices',
  ])('are not told at all where a program hangs, which is no empty answer: %s', async (program) => {
    const mac = laptop()
    const ports = macPorts(mac)
    const { mark } = await ports.glance()
    mac.hanging.add(program)
    await expect(ports.read({ mayProbe: true })).rejects.toThrow('did not answer')
    expect((await ports.glance()).mark).toBe(mark)
  })

  it('have no RDMA where there is no rdma_ctl', async () => {
    const old = new FakeMac({ thunderbolt: 'thunderbolt_tb4_mbp_idle.json' })
    expect((await macPorts(old).read({ mayProbe: true }))?.rdma).toEqual({ status: 'unavailable', devices: [] })
  })
})
