import { describe, expect, it } from 'vitest'
import type { CommandResult } from '../command'
import { recorded } from '../testing/recordings'
import { DeviceProbe } from './device-probe'

/** A probe whose process ends as given. */
const probing = () => {
  const asked: string[] = []
  let result: CommandResult = { ended: 'missing' }
  const probe = new DeviceProbe((path, args, options) => {
    asked.push([path, ...args, options?.timeLimitMs].join(' '))
    return Promise.resolve(result)
  })
  return {
    probe,
    asked,
    ends: (next: CommandResult) => {
      result = next
    },
  }
}
const exited = (stdout: string, stderr = ''): CommandResult => ({ ended: 'exited', stdout, stderr })

describe('a probe of an RDMA device', () => {
  it('opens it in a separate process, for a limited time, and reports its port', async () => {
    const { probe, asked, ends } = probing()
    ends(exited(recorded('ibv_devinfo_v_mini_m4pro_ipv4.txt')))
    expect(await probe.open('rdma_en2')).toEqual({ port: 'active', hasIpv4Gid: true, health: 'healthy' })
    expect(asked).toEqual(['/usr/bin/ibv_devinfo -d rdma_en2 -v 5000'])
    expect(probe.known('rdma_en2').health).toBe('healthy')
  })

  it('finds it unhealthy where it cannot be opened, for the reason that was given', async () => {
    const { probe, ends } = probing()
    ends(exited('', 'Failed to open device\n'))
    expect(await probe.open('rdma_en2')).toMatchObject({ health: 'unhealthy', problem: 'Failed to open device' })
    ends(exited(''))
    expect(await probe.open('rdma_en2')).toMatchObject({ health: 'unhealthy', problem: 'it cannot be opened' })
  })

  it('finds it unhealthy where it hangs, and asks again only when that process has ended', async () => {
    const { probe, asked, ends } = probing()
    let leave = (): void => undefined
    const gone = new Promise<void>((resolve) => (leave = resolve))
    ends({ ended: 'time_limit', gone })
    const hung = { port: 'unknown', health: 'unhealthy', problem: 'it did not answer within 5 seconds' }
    expect(await probe.open('rdma_en2')).toMatchObject(hung)
    ends(exited(recorded('ibv_devinfo_v_mini_m4pro_ipv4.txt')))
    expect(await probe.open('rdma_en2')).toMatchObject(hung)
    expect(asked).toHaveLength(1)
    leave()
    await gone
    expect(await probe.open('rdma_en2')).toMatchObject({ health: 'healthy' })
  })

  it('reports it as unknown if the program is missing or it was never opened', async () => {
    const { probe } = probing()
    const nothing = { port: 'unknown', hasIpv4Gid: undefined, health: 'unknown' }
    expect(probe.known('rdma_en2')).toEqual(nothing)
    expect(await probe.open('rdma_en2')).toEqual(nothing)
  })
})
