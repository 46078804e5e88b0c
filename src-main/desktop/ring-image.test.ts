import { describe, expect, it } from 'vitest'
import { ringBitmap, type Ink } from './ring-image'
import type { RingForm } from './tray-view'

const SIZE = 32
const BLACK: Ink = [0, 0, 0]
const draw = (form: RingForm, turn = 0, ink = BLACK) => ringBitmap({ size: SIZE, form, turn, ink })
const alphas = (pixels: Uint8Array) => pixels.filter((_, index) => index % 4 === 3)
const amount = (pixels: Uint8Array) => alphas(pixels).reduce((sum, value) => sum + value, 0)

describe('the mark', () => {
  it('has its solid disc at the top, and turns', () => {
    const top = (pixels: Uint8Array) => pixels[4 * (Math.round(0.14 * SIZE) * SIZE + SIZE / 2) + 3]
    expect(top(draw('whole'))).toBe(255)
    expect(top(draw('whole', 0.5))).toBeLessThan(255)
  })

  it('has less ink when it is broken or hollow', () => {
    const whole = amount(draw('whole'))
    expect(amount(draw('broken'))).toBeLessThan(whole)
    expect(amount(draw('hollow'))).toBeLessThan(whole)
  })

  it('is the same again after a whole turn', () => {
    expect(alphas(draw('turning', 5))).toEqual(alphas(draw('turning', 0)))
  })

  it('is not cut off at the edge of its image', () => {
    const pixels = draw('whole')
    for (let index = 0; index < SIZE; index += 1) {
      for (const edge of [index, (SIZE - 1) * SIZE + index, index * SIZE, index * SIZE + SIZE - 1])
        expect(pixels[4 * edge + 3]).toBeLessThan(128)
    }
  })

  it('is never brighter than its ink lets through', () => {
    const pixels = draw('whole', 0, [200, 100, 50])
    for (let at = 0; at < pixels.length; at += 4) {
      const [blue = 0, green = 0, red = 0, alpha = 0] = pixels.subarray(at, at + 4)
      expect([blue, green, red].every((channel) => channel <= alpha)).toBe(true)
    }
    expect(Math.max(...pixels.filter((_, index) => index % 4 === 2))).toBe(200)
  })
})
