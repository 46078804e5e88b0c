import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Timestamp } from '../ids'
import { elapsed, FOREVER, later, latest, monotonic, type Monotonic, NEVER, type WallTime, wallTime } from './clocks'

describe('the three times', () => {
  it('do not mix: none can be given for another, and none but the stored one is a number', () => {
    expectTypeOf<Monotonic>().not.toExtend<WallTime>()
    expectTypeOf<WallTime>().not.toExtend<Monotonic>()
    expectTypeOf<Monotonic>().not.toExtend<Timestamp>()
    expectTypeOf<WallTime>().not.toExtend<Timestamp>()
    expectTypeOf<Timestamp>().not.toExtend<Monotonic>()
    expectTypeOf<Timestamp>().not.toExtend<WallTime>()
    expectTypeOf(elapsed<Monotonic>).parameters.not.toExtend<[Monotonic, WallTime]>()
  })

  it('are compared and moved on the clock that they are of', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (at, by) => {
        for (const moment of [monotonic(at), wallTime(at)]) {
          const moved = later(moment, by)
          expect(elapsed(moment, moved)).toBe(by)
          expect(latest(moment, moved)).toBe(by > 0 ? moved : moment)
        }
      }),
    )
    expect(NEVER < monotonic(-1e12) && monotonic(1e12) < FOREVER).toBe(true)
  })
})
