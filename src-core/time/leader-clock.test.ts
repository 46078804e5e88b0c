import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeaderClock } from './leader-clock'

describe('the leader’s clock', () => {
  it('follows the system clock while that is right', () => {
    const clock = new LeaderClock({ wall: 1000, monotonic: 5 })
    expect(clock.now({ wall: 1000, monotonic: 5 })).toBe(1000)
    expect(clock.now({ wall: 1700, monotonic: 705 })).toBe(1700)
  })

  it('keeps going when the system clock is set back, and follows it when it is set forward', () => {
    const clock = new LeaderClock({ wall: 10_000, monotonic: 0 })
    expect(clock.now({ wall: 4000, monotonic: 500 })).toBe(10_500)
    expect(clock.now({ wall: 4500, monotonic: 1000 })).toBe(11_000)
    expect(clock.now({ wall: 90_000, monotonic: 1500 })).toBe(90_000)
  })

  it('continues from an earlier leader whose clock was ahead', () => {
    const clock = new LeaderClock({ wall: 10_000, monotonic: 0 })
    clock.witness(3_610_000, { wall: 10_000, monotonic: 0 })
    expect(clock.now({ wall: 12_000, monotonic: 2000 })).toBe(3_612_000)
  })

  it('is right even if it is read rarely: a follower of a whole day does not lead with yesterday’s time', () => {
    const clock = new LeaderClock({ wall: 0, monotonic: 0 })
    const dayLater = { wall: 86_400_000, monotonic: 86_400_000 }
    clock.witness(86_399_000, dayLater)
    expect(clock.now(dayLater)).toBe(86_400_000)
  })

  it('never runs back, and never slower than elapsed time, however clocks are set', () => {
    const steps = fc.array(fc.record({ wall: fc.integer(), elapsed: fc.nat(100_000), stamp: fc.option(fc.integer()) }))
    fc.assert(
      fc.property(steps, (all) => {
        let monotonic = 0
        const clock = new LeaderClock({ wall: 0, monotonic })
        let before = clock.now({ wall: 0, monotonic })
        for (const { wall, elapsed, stamp } of all) {
          monotonic += elapsed
          if (stamp !== null) clock.witness(stamp, { wall, monotonic })
          const now = clock.now({ wall, monotonic })
          expect(now).toBeGreaterThanOrEqual(before + elapsed)
          expect(now).toBeGreaterThanOrEqual(stamp ?? -Infinity)
          before = now
        }
      }),
    )
  })
})
