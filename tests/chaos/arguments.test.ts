import { describe, expect, it } from 'vitest'
import { readArguments } from './arguments'

describe('the arguments of npm run chaos', () => {
  it('are the number of schedules and their first seed, each with a default', () => {
    expect(readArguments([])).toEqual({ schedules: 5000, firstSeed: 1 })
    expect(readArguments(['20'])).toEqual({ schedules: 20, firstSeed: 1 })
    expect(readArguments(['20', '940074'])).toEqual({ schedules: 20, firstSeed: 940_074 })
  })

  it.each([
    [['many'], 'SCHEDULES is a whole number from 1 to 4294967295, not "many"'],
    [['0'], 'SCHEDULES is a whole number from 1 to 4294967295, not "0"'],
    [['1e3'], 'SCHEDULES is a whole number from 1 to 4294967295, not "1e3"'],
    [['5', '-1'], 'FIRST_SEED is a whole number from 0 to 4294967295, not "-1"'],
    [['5', ''], 'FIRST_SEED is a whole number from 0 to 4294967295, not ""'],
    [['5', '1', '7'], 'there is nothing to take "7"'],
  ])('are refused by name if they are invalid: %j', (given, problem) => {
    expect(readArguments(given)).toEqual({ problem })
  })
})
