import type { RingForm } from './tray-view'

/** The mark's five discs, as angles from the top; the first is the solid one. */
const DISCS = 5
const RING_RADIUS = 0.36
const DISC_RADIUS = 0.12
const STROKE = 0.07

const coverage = (distance: number, size: number): number => Math.min(1, Math.max(0, 0.5 - distance * size))

/** How much of the pixel at (x, y), both from 0 to 1, the mark covers. `turn` in discs. */
const inkAt = (x: number, y: number, size: number, form: RingForm, turn: number): number => {
  let ink = 0
  for (let disc = 0; disc < DISCS; disc += 1) {
    if (form === 'broken' && disc === 2) continue
    const angle = (2 * Math.PI * (disc + turn)) / DISCS - Math.PI / 2
    const distance = Math.hypot(x - 0.5 - RING_RADIUS * Math.cos(angle), y - 0.5 - RING_RADIUS * Math.sin(angle))
    const solid = disc === 0 && form !== 'hollow'
    ink = Math.max(
      ink,
      coverage(solid ? distance - DISC_RADIUS : Math.abs(distance - DISC_RADIUS + STROKE / 2) - STROKE / 2, size),
    )
  }
  return ink
}

/** The mark as black ink on nothing: BGRA, four bytes a pixel, `size` × `size`. */
export const ringBitmap = (size: number, form: RingForm, turn: number): Uint8Array => {
  const pixels = new Uint8Array(4 * size * size)
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      pixels[4 * (row * size + column) + 3] = Math.round(
        255 * inkAt((column + 0.5) / size, (row + 0.5) / size, size, form, turn),
      )
    }
  }
  return pixels
}
