import { expect, it } from 'vitest'
import { clockDifference } from './clock-difference'

it.each([
  [45_000, '45 s'],
  [-90_000, '2 min'],
  [119 * 60_000, '119 min'],
  [-3 * 3_600_000, '3 h'],
  [365 * 86_400_000, '365 d'],
])('of %i ms is %s', (milliseconds, expected) => {
  const { unit, amount } = clockDifference(milliseconds)
  expect(`${amount} ${unit}`).toBe(expected)
})
