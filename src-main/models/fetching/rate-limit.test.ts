import { describe, expect, it } from 'vitest'
import { RateLimit } from './rate-limit'

const { signal } = new AbortController()

/** A rate limit on a fake clock, which only waiting advances. */
const limited = (rate: { bytesPerSecond: number }) => {
  const clock = { now: 0 }
  const limit = new RateLimit({
    bytesPerSecond: () => rate.bytesPerSecond,
    now: () => clock.now,
    wait: (milliseconds) => {
      clock.now += milliseconds
      return Promise.resolve()
    },
  })
  return { clock, limit }
}

describe('the limit of downloads', () => {
  it('allows its number of bytes per second', async () => {
    const { clock, limit } = limited({ bytesPerSecond: 1000 })
    for (let sent = 0; sent < 10_000; sent += 500) await limit.take(500, signal)
    expect(clock.now).toBe(10_000)
  })

  it('is shared by all downloads', async () => {
    const { clock, limit } = limited({ bytesPerSecond: 1000 })
    const download = async (): Promise<void> => {
      for (let sent = 0; sent < 5000; sent += 500) await limit.take(500, signal)
    }
    await Promise.all([download(), download()])
    expect(clock.now).toBeGreaterThanOrEqual(10_000)
    expect(clock.now).toBeLessThan(11_000)
  })

  it('allows no more than a short burst after a pause', async () => {
    const { clock, limit } = limited({ bytesPerSecond: 1000 })
    clock.now = 3_600_000
    await limit.take(1250, signal)
    expect(clock.now).toBe(3_601_000)
  })

  it('applies a change to waiting requests, and admits all when it is removed', async () => {
    const rate = { bytesPerSecond: 1 }
    const { clock, limit } = limited(rate)
    const slow = limit.take(1_000_000, signal)
    rate.bytesPerSecond = 0
    await slow
    expect(clock.now).toBeLessThan(1000)
    await limit.take(1e12, signal)
    expect(clock.now).toBeLessThan(1000)
  })

  it('releases a waiting request when its signal aborts', async () => {
    const { limit } = limited({ bytesPerSecond: 1 })
    await limit.take(1e9, AbortSignal.abort())
  })
})
