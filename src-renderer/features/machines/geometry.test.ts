import { describe, expect, it } from 'vitest'
import { liesOver, lineBetween, type Place } from './geometry'

const tile = (left: number, top: number): Place => ({ left, top, width: 200, height: 100 })

describe('the line between two tiles', () => {
  it('runs from edge to edge, with its label in the gap', () => {
    expect(lineBetween(tile(0, 0), tile(300, 0))).toEqual({
      path: 'M200 50L300 50',
      middle: { x: 250, y: 50 },
      length: 100,
    })
    expect(lineBetween(tile(0, 0), tile(0, 200)).middle).toEqual({ x: 100, y: 150 })
  })

  it('bends around a tile in between', () => {
    const [left, middle, right] = [tile(0, 0), tile(300, 0), tile(600, 0)]
    const line = lineBetween(left, right, { others: [middle] })
    expect(line.path).toContain('Q')
    expect(line.middle.y).toBeGreaterThan(middle.top + middle.height)
    const below = lineBetween(tile(0, 0), tile(0, 400), { others: [tile(0, 200)] })
    expect(below.middle.x).toBeGreaterThan(200)
    // It starts and ends at the right edges, so that the tile in between hides no part of it.
    expect(below.path).toBe('M200 50C230 50 230 450 200 450')
  })

  it('bends upwards from the last row, as there is text below it', () => {
    const [left, middle, right] = [tile(0, 200), tile(300, 200), tile(600, 200)]
    const line = lineBetween(left, right, { others: [tile(0, 0), middle] })
    expect(line.path).toContain('Q')
    expect(line.middle.y).toBeLessThan(middle.top)
    expect(lineBetween(left, right, { others: [tile(0, 0), middle, tile(0, 400)] }).middle.y).toBeGreaterThan(300)
  })

  it('is straight beside other tiles', () => {
    expect(lineBetween(tile(0, 0), tile(300, 0), { others: [tile(0, 200), tile(600, 0)] }).path).not.toContain('Q')
  })

  it('lifts its label, so that the labels of crossing lines do not overlap', () => {
    const falling = lineBetween(tile(0, 0), tile(400, 300), { lift: 1 })
    const rising = lineBetween(tile(400, 0), tile(0, 300), { lift: -1 })
    expect(falling.middle.x).toBe(rising.middle.x)
    expect(rising.middle.y - falling.middle.y).toBeGreaterThan(30)
  })

  it('is valid for two tiles at the same position, as before the layout', () => {
    expect(lineBetween(tile(0, 0), tile(0, 0)).length).toBe(0)
  })
})

it('a label overlaps a tile if their boxes intersect, and not in the gap beside it', () => {
  const tile = { left: 100, top: 0, width: 100, height: 60 }
  const label = { width: 40, height: 20 }
  expect(liesOver({ x: 70, y: 30 }, label, [tile])).toBe(false)
  expect(liesOver({ x: 90, y: 30 }, label, [tile])).toBe(true)
  expect(liesOver({ x: 150, y: 75 }, label, [tile])).toBe(false)
})
