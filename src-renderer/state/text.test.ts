import { describe, expect, it } from 'vitest'
import { agoText, bytesText, durationText, numberText, partText, speedText } from './text'

describe('numbers for people', () => {
  it('gives sizes two digits where one would not distinguish them', () => {
    expect([740_000, 538e6, 4.6e9, 9.96e9, 142.4e9].map(bytesText)).toEqual([
      '740 KB',
      '538 MB',
      '4.6 GB',
      '10 GB',
      '142 GB',
    ])
  })

  it('says a part in the unit of the whole', () => {
    expect(partText(3.14e9, 8e9)).toBe('3.1 of 8.0 GB')
    expect(partText(0, 8e9)).toBe('0.0 of 8.0 GB')
    expect(partText(120e6, 538e6)).toBe('120 of 538 MB')
  })

  it('says times in the largest unit that fits', () => {
    const now = 1_000_000_000
    const ago = [4, 42, 250, 7500, 200_000].map((seconds) => agoText(now - 1000 * seconds, now))
    expect(ago).toEqual(['just now', '42 s ago', '4 min ago', '2 h ago', '2 d ago'])
    expect([40_000, 22_320_000, 273_600_000].map(durationText)).toEqual(['40 s', '6 h 12 min', '3 d 4 h'])
  })

  it('never shows a past time as future', () => {
    expect(agoText(2000, 1000)).toBe('just now')
    expect(durationText(-5)).toBe('0 s')
  })

  it('gives counts in full up to a million', () => {
    expect([950, 12_400, 1_234_567, 421e6].map(numberText)).toEqual(['950', '12,400', '1.2 million', '421 million'])
  })

  it('gives slow speeds another digit', () => {
    expect([7.46, 33.6].map(speedText)).toEqual(['7.5 tokens/s', '34 tokens/s'])
  })
})
