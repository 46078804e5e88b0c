import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NodeId } from '@core/ids'
import { Discovery } from './discovery'
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
    await vi.waitFor(() => expect(warnings).toEqual([failure]))
    for (let check = 0; check < 5; check += 1) {
      vi.advanceTimersByTime(2000)
      expect(await discovery.answering(new Set([other]), { withinMs: 20 })).toEqual(new Set())
    }
    await discovery.close()
    expect(warnings).toEqual([failure])
  })

  it('repeats no announcement once it is closed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await vi.waitFor(() => expect(warnings).not.toEqual([]))
    await discovery.close()
    // What the library does on a closed socket is thrown out of its timer.
    vi.advanceTimersByTime(3_600_000)
  })
})

describe('discovery, while the system does not list the interfaces', () => {
  const listed = os.networkInterfaces
  const listInterfaces = (list: typeof listed): void => {
    os.networkInterfaces = list
    syncBuiltinESMExports()
  }
  afterEach(() => {
    vi.useRealTimers()
    listInterfaces(listed)
  })

  it('ends nothing: neither where it announces nor where it says goodbye', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const free = createSocket('udp4')
    free.bind(0)
    await once(free, 'listening')
    const { port: mdnsPort } = free.address()
    free.close()
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
