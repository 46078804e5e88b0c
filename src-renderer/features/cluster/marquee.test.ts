import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { touched } from './marquee.svelte'

const [a, b] = ['a', 'b'].map((letter) => NodeId.parse(letter.repeat(64)))
if (!a || !b) throw new Error('two machines')
const places = new Map([
  [a, { left: 0, top: 0, width: 100, height: 50 }],
  [b, { left: 200, top: 0, width: 100, height: 50 }],
])

describe('a rectangle over the map', () => {
  it('selects the machines that it touches, in whatever direction it is drawn', () => {
    expect(touched({ left: 90, top: 10, width: 20, height: 5 }, places)).toEqual([a])
    expect(touched({ left: 90, top: 10, width: 120, height: 5 }, places)).toEqual([a, b])
    expect(touched({ left: 110, top: 0, width: 80, height: 50 }, places)).toEqual([])
  })
})
