import { describe, expect, it } from 'vitest'
import { thisBoot, type BootOptions } from './boot'

const clock = { now: () => 5_000_000, uptimeSeconds: () => 1000.5 }
const nothing: BootOptions = { run: () => Promise.resolve(undefined), read: () => Promise.resolve(undefined), ...clock }

describe('the boot of this machine', () => {
  it('has the name that macOS gives it', async () => {
    const asked: string[] = []
    const boot = await thisBoot({
      ...nothing,
      platform: 'darwin',
      run: (path, args) => {
        asked.push([path, ...args].join(' '))
        return Promise.resolve('0F7B9A1C-5D1E-4C7B-9B0E-2D0C6C1E8A44\n')
      },
    })
    expect(asked).toEqual(['/usr/sbin/sysctl -n kern.bootsessionuuid'])
    expect(boot).toEqual({ id: '0F7B9A1C-5D1E-4C7B-9B0E-2D0C6C1E8A44', startedAt: 3_999_500 })
  })

  it('has a name on Linux', async () => {
    const boot = await thisBoot({
      ...nothing,
      platform: 'linux',
      read: (path) => Promise.resolve(path === 'proc/sys/kernel/random/boot_id' ? 'a-b-c\n' : undefined),
    })
    expect(boot.id).toBe('a-b-c')
  })

  it.each(['darwin', 'linux', 'win32'] as const)(
    'is known by its beginning where it has none (%s)',
    async (platform) => {
      expect(await thisBoot({ ...nothing, platform })).toEqual({ startedAt: 3_999_500 })
    },
  )

  it.runIf(process.platform === 'linux')('is the same one for everybody who asks on a real machine', async () => {
    const boot = await thisBoot()
    expect(boot.id).toMatch(/^[0-9a-f-]{36}$/)
    expect((await thisBoot()).id).toBe(boot.id)
    expect(boot.startedAt).toBeLessThan(Date.now())
  })
})
