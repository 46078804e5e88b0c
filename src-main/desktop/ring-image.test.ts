import { describe, expect, it } from 'vitest'
import { ringBitmap } from './ring-image'

const ink = (pixels: Uint8Array) => pixels.reduce((sum, value) => sum + value, 0)

describe('the mark', () => {
  it('has its solid disc at the top, and turns', () => {
    const size = 32
    const top = (pixels: Uint8Array) => pixels[4 * (Math.round(0.14 * size) * size + size / 2) + 3]
    expect(top(ringBitmap(size, 'whole', 0))).toBe(255)
    expect(top(ringBitmap(size, 'whole', 0.5))).toBeLessThan(255)
  })

  it('has less ink when it is broken or hollow', () => {
    const whole = ink(ringBitmap(32, 'whole', 0))
    expect(ink(ringBitmap(32, 'broken', 0))).toBeLessThan(whole)
    expect(ink(ringBitmap(32, 'hollow', 0))).toBeLessThan(whole)
  })
})
