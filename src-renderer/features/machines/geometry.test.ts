import { describe, expect, it } from 'vitest'
import { lineBetween, type Place } from './geometry'

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

  it('bows around a tile that lies in its way', () => {
    const [left, middle, right] = [tile(0, 0), tile(300, 0), tile(600, 0)]
    const line = lineBetween(left, right, { others: [middle] })
    expect(line.path).toContain('Q')
    expect(line.middle.y).toBeGreaterThan(middle.top + middle.height)
    const below = lineBetween(tile(0, 0), tile(0, 400), { others: [tile(0, 200)] })
    expect(below.middle.x).toBeGreaterThan(200)
  })

  it('is straight where other tiles lie beside it', () => {
    expect(lineBetween(tile(0, 0), tile(300, 0), { others: [tile(0, 200), tile(600, 0)] }).path).not.toContain('Q')
  })

  it('moves its label along, so that the labels of crossing lines stay apart', () => {
    const [one, other] = [
      lineBetween(tile(0, 0), tile(400, 300), { spread: 1 }),
      lineBetween(tile(400, 0), tile(0, 300), { spread: 1 }),
    ]
    expect(Math.abs(one.middle.x - other.middle.x)).toBeGreaterThan(20)
  })

  it('is nothing to worry about where both lie at one place, as before they are laid out', () => {
    expect(lineBetween(tile(0, 0), tile(0, 0)).length).toBe(0)
  })
})
