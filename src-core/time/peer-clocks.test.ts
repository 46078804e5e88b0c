import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elapsed, later, monotonic, wallTime } from './clocks'
import { CLOCK_OFF_MS, MAX_AHEAD_MS, PeerClocks } from './peer-clocks'

const NOON = wallTime(Date.parse('2026-03-01T12:00:00Z'))
const DAY_MS = 86_400_000

/** Clocks of other machines, each so far ahead of noon, heard at 0. */
const hearing = (...aheadMs: readonly number[]): PeerClocks<number> => {
  const clocks = new PeerClocks<number>()
  for (const [machine, ahead] of aheadMs.entries()) clocks.record(machine, later(NOON, ahead), monotonic(0))
  return clocks
}
const SELF = -1
const reading = (aheadMs: number, at = 0) => ({ wall: later(NOON, aheadMs + at), monotonic: monotonic(at) })

describe('the clocks of a majority', () => {
  it('bound how far a leader’s time runs ahead, however far its own clock and those of a minority are set', () => {
    const right = fc.integer({ min: -1000, max: 1000 })
    const wrong = fc.integer({ min: -1000 * DAY_MS, max: 1000 * DAY_MS })
    fc.assert(
      fc.property(
        fc.array(right, { minLength: 2, maxLength: 4 }),
        fc.array(wrong, { maxLength: 3 }),
        (sound, broken) => {
          // The own clock is a broken one; the sound ones are more.
          const [own = 0, ...others] = broken.slice(0, sound.length - 1)
          const bounded = hearing(...sound, ...others).bounded(reading(own))
          expect(elapsed(NOON, bounded)).toBeLessThanOrEqual(1000 + MAX_AHEAD_MS)
          expect(bounded <= reading(own).wall).toBe(true)
        },
      ),
    )
  })

  it('let a leader whose clock is right follow it, though half of the others are behind', () => {
    expect(hearing(0, -DAY_MS, -DAY_MS).bounded(reading(0))).toEqual(NOON)
    expect(hearing(0, 0, -DAY_MS).bounded(reading(500))).toEqual(later(NOON, 500))
  })

  it('are those reported recently; a single other clock is no majority', () => {
    expect(hearing(0).bounded(reading(DAY_MS))).toEqual(later(NOON, DAY_MS))
    expect(hearing(0, 0).bounded(reading(DAY_MS, 4000))).toEqual(later(NOON, 4000 + MAX_AHEAD_MS))
    expect(hearing(0, 0).bounded(reading(DAY_MS, 6000))).toEqual(later(NOON, DAY_MS + 6000))
    const slept = hearing(0, 0)
    slept.forget()
    expect(slept.bounded(reading(DAY_MS))).toEqual(later(NOON, DAY_MS))
  })
})

describe('machines whose clocks are wrong', () => {
  it('are named, this machine’s own included, with how far they are off', () => {
    expect(hearing(0, 500, -DAY_MS).wrong(SELF, reading(0))).toEqual([{ machine: 2, aheadMs: -DAY_MS }])
    expect(hearing(0, 0).wrong(SELF, reading(DAY_MS))).toEqual([{ machine: SELF, aheadMs: DAY_MS }])
    expect(hearing(0, CLOCK_OFF_MS).wrong(SELF, reading(0))).toEqual([])
  })

  it('of two are named by how far they differ', () => {
    expect(hearing(DAY_MS).wrong(SELF, reading(0))).toEqual([{ machine: 0, aheadMs: DAY_MS }])
  })
})
