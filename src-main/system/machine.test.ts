import { describe, expect, it } from 'vitest'
import type { NetworkInterfaceInfo } from 'node:os'
import { NodeInfo } from '@core/state/nodes'
import { diskSpace } from './disk'
import type { CpuTimes, Memory, PlatformReader, PortFacts } from './facts'
import { thisMachine } from './machine'
import { machineName } from './machine-name'
import { describeInterfaces } from './network'

const GB = 1e9

const reader = (answers: { memory?: Memory; times?: CpuTimes[] } = {}): PlatformReader & { asked: string[] } => {
  const asked: string[] = []
  const times = [...(answers.times ?? [{ busy: 0, total: 0 }])]
  return {
    asked,
    chip: () => {
      asked.push('chip')
      return Promise.resolve({ name: 'Apple M4', memoryBandwidth: 120 * GB })
    },
    os: () => Promise.resolve({ name: 'macOS 26.5.1', version: '26.5.1', build: '25F80' }),
    memory: () => Promise.resolve(answers.memory ?? { ramTotal: 16 * GB, ramAvailable: 8 * GB }),
    cpuTimes: () => Promise.resolve(times.shift() ?? { busy: 0, total: 0 }),
    interfaceTypes: () => {
      asked.push('interfaceTypes')
      return Promise.resolve(new Map())
    },
  }
}

const machine = (from: PlatformReader, heldByRunners = 0) =>
  thisMachine({ modelsDir: '/', heldByRunners: () => heldByRunners, platform: 'darwin', reader: from })

describe('this machine', () => {
  it('reads a node’s facts', async () => {
    const facts = await thisMachine({ modelsDir: '/', heldByRunners: () => 0 }).gather()
    expect(NodeInfo.parse({ ...facts, version: '1.0.0', protocol: 1, worker: true })).toMatchObject({
      chip: expect.stringMatching(/./),
      memory: { ramTotal: expect.any(Number) },
      disk: { totalBytes: expect.any(Number) },
      os: { platform: process.platform },
    })
    expect(facts.memory.ramAvailable).toBeGreaterThan(0)
    expect(facts.memory.ramAvailable).toBeLessThanOrEqual(facts.memory.ramTotal)
  })

  it('reads once what cannot change', async () => {
    const from = reader()
    const { gather } = machine(from)
    await gather()
    await gather()
    expect(from.asked).toEqual(['chip', 'interfaceTypes'])
  })

  it('never promises more than the GPU may use, what runners hold included', async () => {
    const memory = { ramTotal: 64 * GB, ramAvailable: 60 * GB, limit: 48 * GB }
    expect((await machine(reader({ memory })).gather()).memory).toEqual({
      ramTotal: 64 * GB,
      ramAvailable: 48 * GB,
      heldByRunners: 0,
    })
    expect((await machine(reader({ memory }), 40 * GB).gather()).memory.ramAvailable).toBe(8 * GB)
    expect((await machine(reader({ memory }), 50 * GB).gather()).memory.ramAvailable).toBe(0)
  })

  it('reports the load since the last reading, and the same again within a second', async () => {
    const times = [
      { busy: 500, total: 1000 },
      { busy: 600, total: 2000 },
      { busy: 600, total: 3000 },
      { busy: 600, total: 3000 },
    ]
    let now = 0
    const from = reader({ times })
    const { gather } = thisMachine({
      modelsDir: '/',
      heldByRunners: () => 0,
      platform: 'darwin',
      reader: from,
      now: () => now,
    })
    const loads: (number | undefined)[] = []
    for (const wait of [0, 5000, 1, 998, 4000, 5000]) {
      now += wait
      loads.push((await gather()).system?.cpuLoad)
    }
    expect(loads).toEqual([0.5, 0.1, 0.1, 0.1, 0, 0])
  })
})

describe('the ports of this machine', () => {
  const facts = (device: string): PortFacts => ({
    thunderbolt: { ports: [], bridges: [] },
    rdma: {
      status: 'enabled',
      devices: [{ name: device, interfaceName: 'en1', port: 'down', hasAddress: false, health: 'unknown' }],
    },
  })
  const withPorts = (options: { mayProbe?: () => boolean } = {}) => {
    const asked: boolean[] = []
    const answers: ((facts: PortFacts | undefined) => void)[] = []
    let mark = 'unplugged'
    const ports = {
      glance: () => Promise.resolve({ mark, correct: (known: PortFacts) => known }),
      read: ({ mayProbe }: { mayProbe: boolean }) => {
        asked.push(mayProbe)
        return new Promise<PortFacts | undefined>((resolve) => answers.push(resolve))
      },
    }
    let now = 0
    const from = { ...reader(), ports }
    const { gather, onNews } = thisMachine({
      modelsDir: '/',
      heldByRunners: () => 0,
      platform: 'darwin',
      reader: from,
      now: () => now,
      ...options,
    })
    /** Ends the current reading. */
    const answer = async (given: PortFacts | undefined) => {
      const news = new Promise<void>((resolve) => onNews(resolve))
      answers.at(-1)?.(given)
      await news
    }
    return {
      gather,
      asked,
      answer,
      plug: () => (mark = 'plugged'),
      pass: (milliseconds: number) => (now += milliseconds),
    }
  }

  it('are read in the background and reported when read', async () => {
    const { gather, answer } = withPorts()
    expect((await gather()).rdma).toBeUndefined()
    await answer(facts('rdma_en1'))
    expect(await gather()).toMatchObject(facts('rdma_en1'))
  })

  it('are read when something was plugged in, and now and then', async () => {
    const { gather, asked, answer, plug, pass } = withPorts()
    await gather()
    await answer(facts('rdma_en1'))
    await gather()
    expect(asked).toHaveLength(1)
    plug()
    await gather()
    expect(asked).toHaveLength(2)
    await answer(facts('rdma_en2'))
    pass(60_000)
    await gather()
    expect(asked).toHaveLength(3)
    await answer(undefined)
    expect(await gather()).toMatchObject(facts('rdma_en2'))
  })

  it('are read without opening devices while a model computes', async () => {
    let busy = true
    const { gather, asked, answer, pass } = withPorts({ mayProbe: () => !busy })
    await gather()
    await answer(facts('rdma_en1'))
    busy = false
    pass(60_000)
    await gather()
    expect(asked).toEqual([false, true])
  })
})

describe('the disk of a directory', () => {
  it('is its volume, also where the directory does not exist yet', async () => {
    const space = await diskSpace('/')
    expect(space?.totalBytes).toBeGreaterThan(0)
    expect((await diskSpace('/no/such/directory'))?.totalBytes).toBe(space?.totalBytes)
  })
})

describe('the interfaces of a machine', () => {
  const address = (text: string, internal = false): NetworkInterfaceInfo =>
    text.includes(':')
      ? { address: text, family: 'IPv6', internal, netmask: '', mac: '', cidr: null, scopeid: 0 }
      : { address: text, family: 'IPv4', internal, netmask: '', mac: '', cidr: null }

  it('are those with an address that others can use, with their types', () => {
    const interfaces = {
      lo0: [address('127.0.0.1', true), address('::1', true)],
      en1: [address('fe80::1'), address('192.168.1.7'), address('2001:db8::7')],
      en0: [address('10.0.0.7')],
      awdl0: [address('fe80::2')],
      bridge0: [address('169.254.3.4')],
    }
    expect(describeInterfaces(interfaces, new Map([['en1', 'wifi']]))).toEqual([
      { name: 'bridge0', type: 'unknown', addresses: ['169.254.3.4'] },
      { name: 'en0', type: 'unknown', addresses: ['10.0.0.7'] },
      { name: 'en1', type: 'wifi', addresses: ['192.168.1.7', '2001:db8::7'] },
      { name: 'lo0', type: 'loopback', addresses: ['127.0.0.1', '::1'] },
    ])
  })
})

describe("a machine's name", () => {
  it('is the one people gave it on a Mac', async () => {
    const run = () => Promise.resolve('Ann’s Mac Studio\n')
    expect(await machineName({ platform: 'darwin', run, host: 'mac.local' })).toBe('Ann’s Mac Studio')
  })

  it('is its host name elsewhere, without the domain of a home network', async () => {
    const run = () => Promise.resolve(undefined)
    expect(await machineName({ platform: 'darwin', run, host: 'Mac-Studio.local' })).toBe('Mac-Studio')
    expect(await machineName({ platform: 'linux', host: 'box.lan' })).toBe('box')
    expect(await machineName({ platform: 'linux', host: '' })).toBe('This machine')
  })
})
