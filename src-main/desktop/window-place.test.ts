import { describe, expect, it } from 'vitest'
import { placeWindow } from './window-place'

const laptop = { x: 0, y: 25, width: 1440, height: 875 }
const monitor = { x: 1440, y: 0, width: 2560, height: 1440 }
const place = { x: 1600, y: 100, width: 1000, height: 700, maximized: false }
const first = { width: 1180, height: 780, maximized: false }

describe('the window', () => {
  it('opens where it was', () => {
    expect(placeWindow(place, [laptop, monitor])).toEqual(place)
    expect(placeWindow({ ...place, maximized: true }, [laptop, monitor])).toMatchObject({ maximized: true })
  })

  it('comes back to the first screen when the one it was on is gone', () => {
    expect(placeWindow(place, [laptop])).toEqual(first)
  })

  it.each([
    ['only a sliver of it is left', { ...place, x: 1400 }],
    ['its title bar is above the screen', { ...place, x: 100, y: -300 }],
    ['it is smaller than it may be', { ...place, x: 100, width: 10 }],
    ['what was kept is no place', { x: 'left' }],
    ['nothing was kept', undefined],
  ])('opens in the middle when %s', (_, kept) => {
    expect(placeWindow(kept, [laptop])).toEqual(first)
  })

  it('is no larger than a small screen, and no smaller than it can be used', () => {
    expect(placeWindow(undefined, [{ x: 0, y: 0, width: 1024, height: 600 }])).toMatchObject({
      width: 1024,
      height: 600,
    })
    expect(placeWindow(undefined, [{ x: 0, y: 0, width: 640, height: 400 }])).toMatchObject({ width: 720, height: 480 })
  })
})
