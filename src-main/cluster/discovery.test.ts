import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { NodeId } from '@core/ids'
import { eventually } from '@core/testing/eventually'
import { Discovery, type Sighting } from './discovery'
import type { Channel } from './own-addresses'
import { interfaceTypeTowards } from './probing/own-interfaces'

const other = NodeId.parse('b'.repeat(64))

describe('discovery, where another program has the port of multicast DNS for itself', () => {
  let holder: Socket
  const warnings: unknown[] = []
  let discovery: Discovery

  beforeEach(async () => {
    warnings.length = 0
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    holder = createSocket('udp4')
    holder.bind(0)
    await once(holder, 'listening')
    discovery = new Discovery({
      self: { nodeId: NodeId.parse('a'.repeat(64)), clusterId: 'home', version: '1.0.0' },
      port: 52417,
      onSeen: () => undefined,
      onGone: () => undefined,
      log: { warn: (fields) => void warnings.push(fields) },
      channels: () => [{ interfaceName: 'lo', family: 'IPv4', address: '127.0.0.1' }],
      mdnsPort: holder.address().port,
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    holder.close()
  })

  it('ends nothing, says so once, finds nobody and can be closed', async () => {
    const failure = { on: '127.0.0.1', err: expect.objectContaining({ code: 'EADDRINUSE' }) as unknown }
    await eventually(() => expect(warnings).toEqual([failure]))
    for (let check = 0; check < 5; check += 1) {
      vi.advanceTimersByTime(2000)
      expect(await discovery.answering(new Set([other]), { withinMs: 20 })).toEqual(new Set())
    }
    await discovery.close()
    expect(warnings).toEqual([failure])
  })

  it('repeats no announcement once it is closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await eventually(() => expect(warnings).not.toEqual([]))
    await discovery.close()
    // What the library does on a closed socket is thrown out of its timer.
    vi.advanceTimersByTime(3_600_000)
  })
})

const listed = os.networkInterfaces
const listInterfaces = (list: typeof listed): void => {
  os.networkInterfaces = list
  syncBuiltinESMExports()
}

const freePort = async (): Promise<number> => {
  const free = createSocket('udp4')
  free.bind(0)
  await once(free, 'listening')
  const { port } = free.address()
  free.close()
  return port
}

describe('discovery of a host of containers', () => {
  const bridges = Array.from({ length: 20 }, (_, at) => `172.${at + 17}.0.1`)
  afterEach(() => listInterfaces(listed))

  it('names first the address from which it announces itself, and those of its containers’ networks after that', async () => {
    const bridge = (address: string): os.NetworkInterfaceInfo => ({
      ...{ address, netmask: '255.255.0.0', cidr: `${address}/16`, mac: '02:42:00:00:00:01', internal: false },
      family: 'IPv4',
    })
    listInterfaces(() => Object.fromEntries(bridges.map((address, at) => [`br-${at}`, [bridge(address)]])))
    const mdnsPort = await freePort()
    const open = (nodeId: NodeId, onSeen: (sighting: Sighting) => void): Discovery =>
      new Discovery({
        ...{ self: { nodeId, clusterId: 'home', version: '1.0.0' }, port: 52417, mdnsPort, onSeen },
        ...{ onGone: () => undefined, log: { warn: () => undefined } },
        channels: () => [{ interfaceName: 'lo', family: 'IPv4', address: '127.0.0.1' }],
      })
    const seen = new Promise<Sighting>((resolve) => {
      const here = open(NodeId.parse('a'.repeat(64)), resolve)
      const there = open(other, () => undefined)
      onTestFinished(async () => void (await Promise.all([here.close(), there.close()])))
    })
    expect((await seen).addresses).toEqual(['127.0.0.1', ...bridges])
  })
})

describe('discovery, while the system does not list the interfaces', () => {
  afterEach(() => {
    vi.useRealTimers()
    listInterfaces(listed)
  })

  it('ends nothing: neither where it announces nor where it says goodbye', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const mdnsPort = await freePort()
    const loopback = (address: string): Channel => ({ interfaceName: 'lo', family: 'IPv4', address })
    let open = [loopback('127.0.0.1')]
    const warnings: unknown[] = []
    const discovery = new Discovery({
      self: { nodeId: NodeId.parse('a'.repeat(64)), clusterId: 'home', version: '1.0.0' },
      port: 52417,
      onSeen: () => undefined,
      onGone: () => undefined,
      log: { warn: (fields) => void warnings.push(fields) },
      channels: () => open,
      mdnsPort,
    })
    // A goodbye is sent only for what was announced.
    await new Promise((resolve) => setTimeout(resolve, 50))
    listInterfaces(() => {
      throw Object.assign(new Error('uv_interface_addresses returned EMFILE'), { code: 'ERR_SYSTEM_ERROR' })
    })
    open = [loopback('127.0.0.2')]
    vi.advanceTimersByTime(2000)
    expect(warnings).toEqual([
      { on: '127.0.0.2', err: expect.objectContaining({ code: 'ERR_SYSTEM_ERROR' }) as unknown },
    ])
    await discovery.close()
    expect(interfaceTypeTowards('127.0.0.1', [])).toBe('unknown')
  })
})
