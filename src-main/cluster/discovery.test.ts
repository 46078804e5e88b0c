import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NodeId } from '@core/ids'
import { Discovery } from './discovery'

const other = NodeId.parse('b'.repeat(64))

describe('discovery, where another program has the port of multicast DNS for itself', () => {
  const holder = createSocket('udp4')
  const warnings: unknown[] = []
  let discovery: Discovery

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
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
})
