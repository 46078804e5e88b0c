import { describe, expect, it } from 'vitest'
import { figuresOf } from './figures'
import { english } from './translator'

const figures = figuresOf(english)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('a figure', () => {
  it.each([
    [999_499, '999 KB'],
    [999_500, '1 MB'],
    [999_499_999, '999 MB'],
    [999_500_000, '1.0 GB'],
    [9.94e9, '9.9 GB'],
    [9.96e9, '10 GB'],
  ])('of %i bytes is never a thousand of a smaller unit: %s', (bytes, text) => {
    expect(figures.bytes(bytes)).toBe(text)
  })

  it('of a part is in gigabytes where the whole is', () => {
    expect(figures.part(0.5e9, 999.6e6)).toBe('0.5 of 1.0 GB')
    expect(figures.part(0.5e9, 999.4e6)).toBe('500 of 999 MB')
  })

  it.each([
    [59_400, '59 s ago'],
    [59_600, '1 min ago'],
    [59.4 * MINUTE, '59 min ago'],
    [59.6 * MINUTE, '1 h ago'],
    [23.4 * HOUR, '23 h ago'],
    [23.6 * HOUR, '1 d ago'],
    [2.4 * DAY, '2 d ago'],
  ])('of %f ms in the past is never sixty of a smaller unit: %s', (passed, text) => {
    expect(figures.ago(0, passed)).toBe(text)
  })

  it('of a speed has a decimal below ten only', () => {
    expect([9.94, 9.96, 12.3].map(figures.speedValue)).toEqual(['9.9', '10', '12'])
  })
})
