import { afterEach, describe, expect, it, vi } from 'vitest'
import { dateTimeText, weekdayText } from './texts.svelte'

afterEach(() => void vi.restoreAllMocks())

describe('a time', () => {
  it('is formatted by one formatter for its kind, however many there are', () => {
    const { DateTimeFormat } = Intl
    const made = vi.spyOn(Intl, 'DateTimeFormat').mockImplementation(function (...options) {
      return new DateTimeFormat(...options)
    })
    const days = Array.from({ length: 40 }, (_none, day) => dateTimeText(Date.UTC(2026, 0, 1 + day, 12)))
    expect(new Set(days).size).toBe(40)
    expect([0, 6].map((day) => weekdayText(day))).toEqual(['Mon', 'Sun'])
    expect(made.mock.calls.length).toBeLessThanOrEqual(2)
  })
})
