import { describe, expect, it } from 'vitest'
import { memoryBandwidthOf } from './chip-bandwidth'

describe('memory bandwidth by chip', () => {
  it('is known for the chips Apple sells', () => {
    expect(memoryBandwidthOf('Apple M1')).toBe(68.25e9)
    expect(memoryBandwidthOf('Apple M3 Ultra')).toBe(819e9)
    expect(memoryBandwidthOf(' Apple M2 Pro\n')).toBe(200e9)
  })

  it('distinguishes variants of a chip by their GPU cores', () => {
    expect(memoryBandwidthOf('Apple M4 Max', 32)).toBe(410e9)
    expect(memoryBandwidthOf('Apple M4 Max', 40)).toBe(546e9)
  })

  it('is that of the slower variant if the GPU cores are unknown', () => {
    expect(memoryBandwidthOf('Apple M5 Max')).toBe(460e9)
  })

  it('is not made up for other chips', () => {
    expect(memoryBandwidthOf('Apple M9')).toBeUndefined()
    expect(memoryBandwidthOf('constructor')).toBeUndefined()
    expect(memoryBandwidthOf('Apple M4 (Virtual)')).toBeUndefined()
    expect(memoryBandwidthOf('AMD Ryzen 9')).toBeUndefined()
  })
})
