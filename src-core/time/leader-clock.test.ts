import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LATEST_TIMESTAMP } from '../ids'
import { LeaderClock } from './leader-clock'
import { monotonic, wallTime } from './clocks'

describe('the leader’s clock', () => {
  it('follows the system clock while that is right', () => {
    const clock = new LeaderClock({ wall: wallTime(1000), monotonic: monotonic(5) })
    expect(clock.now({ wall: wallTime(1000), monotonic: monotonic(5) })).toBe(1000)
    expect(clock.now({ wall: wallTime(1700), monotonic: monotonic(705) })).toBe(1700)
  })

  it('keeps going when the system clock is set back, and follows it when it is set forward', () => {
    const clock = new LeaderClock({ wall: wallTime(10_000), monotonic: monotonic(0) })
    expect(clock.now({ wall: wallTime(4000), monotonic: monotonic(500) })).toBe(10_500)
    expect(clock.now({ wall: wallTime(4500), monotonic: monotonic(1000) })).toBe(11_000)
    expect(clock.now({ wall: wallTime(90_000), monotonic: monotonic(1500) })).toBe(90_000)
  })

  it('continues from an earlier leader whose clock was ahead', () => {
    const clock = new LeaderClock({ wall: wallTime(10_000), monotonic: monotonic(0) })
    clock.witness(3_610_000, { wall: wallTime(10_000), monotonic: monotonic(0) })
    expect(clock.now({ wall: wallTime(12_000), monotonic: monotonic(2000) })).toBe(3_612_000)
  })

  it('is right even if it is read rarely: a follower of a whole day does not lead with yesterday’s time', () => {
    const clock = new LeaderClock({ wall: wallTime(0), monotonic: monotonic(0) })
    const dayLater = { wall: wallTime(86_400_000), monotonic: monotonic(86_400_000) }
    clock.witness(86_399_000, dayLater)
    expect(clock.now(dayLater)).toBe(86_400_000)
  })

  it('ends on the last day that a clock can tell, as no record with a later time could be read', () => {
    const clock = new LeaderClock({ wall: wallTime(LATEST_TIMESTAMP - 10), monotonic: monotonic(0) })
    expect(clock.now({ wall: wallTime(0), monotonic: monotonic(60_000) })).toBe(LATEST_TIMESTAMP)
  })

  it('never runs back, and never slower than elapsed time, however clocks are set', () => {
    const steps = fc.array(fc.record({ wall: fc.integer(), elapsed: fc.nat(100_000), stamp: fc.option(fc.integer()) }))
    fc.assert(
      fc.property(steps, (all) => {
        let goneBy = 0
        const clock = new LeaderClock({ wall: wallTime(0), monotonic: monotonic(goneBy) })
        let before = clock.now({ wall: wallTime(0), monotonic: monotonic(goneBy) })
        for (const { wall, elapsed, stamp } of all) {
          goneBy += elapsed
          if (stamp !== null) clock.witness(stamp, { wall: wallTime(wall), monotonic: monotonic(goneBy) })
          const now = clock.now({ wall: wallTime(wall), monotonic: monotonic(goneBy) })
          expect(now).toBeGreaterThanOrEqual(before + elapsed)
          expect(now).toBeGreaterThanOrEqual(stamp ?? -Infinity)
          before = now
        }
      }),
    )
  })
})
