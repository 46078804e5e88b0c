import { describe, expect, it } from 'vitest'
import { bytesText, durationText, rateText } from './units'

describe('figures for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [8_030_000_000, '8.0 GB'],
    [5e15, '5000.0 TB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  it('writes a rate', () => expect(rateText(25_000_000)).toBe('25.0 MB/s'))

  it.each([
    [-3, '0 s'],
    [59.4, '59 s'],
    [60, '1 min'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [4 * 86_400 + 3 * 3600, '4 d 3 h'],
  ])('writes %d seconds as %s', (seconds, text) => expect(durationText(seconds)).toBe(text))
})
