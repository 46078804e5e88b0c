import type { RingForm } from './tray-view'

/** The logo's five discs, as angles from the top; the first one is solid. */
export const DISCS = 5
const RING_RADIUS = 0.36
const DISC_RADIUS = 0.12
const STROKE = 0.07

/** Red, green and blue, each 0 to 255. */
export type Ink = readonly [red: number, green: number, blue: number]

export interface RingDrawing {
  /** Width and height in pixels. */
  readonly size: number
  readonly form: RingForm
  /** Rotation, in multiples of the angle between two discs. */
  readonly turn: number
  readonly ink: Ink
}

const coverage = (distance: number, size: number): number => Math.min(1, Math.max(0, 0.5 - distance * size))

/** How much of the pixel at (x, y), both from 0 to 1, the logo covers. */
const inkAt = (x: number, y: number, { size, form, turn }: RingDrawing): number => {
  let covered = 0
  for (let disc = 0; disc < DISCS; disc += 1) {
    if (form === 'broken' && disc === 2) continue
    const angle = (2 * Math.PI * (disc + turn)) / DISCS - Math.PI / 2
    const distance = Math.hypot(x - 0.5 - RING_RADIUS * Math.cos(angle), y - 0.5 - RING_RADIUS * Math.sin(angle))
    const solid = disc === 0 && form !== 'hollow'
    covered = Math.max(
      covered,
      coverage(solid ? distance - DISC_RADIUS : Math.abs(distance - DISC_RADIUS + STROKE / 2) - STROKE / 2, size),
    )
  }
  return covered
}

/** The logo on a transparent background: BGRA, premultiplied alpha. */
export const ringBitmap = (drawing: RingDrawing): Uint8Array => {
  const { size, ink } = drawing
  const [red, green, blue] = ink
  const pixels = new Uint8Array(4 * size * size)
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const covered = inkAt((column + 0.5) / size, (row + 0.5) / size, drawing)
      const pixel = [blue, green, red, 255].map((channel) => Math.round(channel * covered))
      pixels.set(pixel, 4 * (row * size + column))
    }
  }
  return pixels
}
