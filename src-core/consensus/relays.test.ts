import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { Relays } from './relays'
import { monotonic } from '../time/clocks'

const [b, c, d] = [NodeId.parse('b'), NodeId.parse('c'), NodeId.parse('d')]
const relays = (...linked: NodeId[]) => new Relays((peer) => linked.includes(peer))

describe('a route to a member through another one', () => {
  it('is reported once, and lasts until there is a direct link', () => {
    const ways = relays(b)
    expect(ways.hear(c, b, monotonic(0))).toBe(true)
    expect(ways.hear(c, b, monotonic(10))).toBe(false)
    expect([ways.via(c), ways.heardAt(c), ways.peers()]).toEqual([b, 10, [c]])
    ways.end(c)
    expect(ways.via(c)).toBeUndefined()
  })

  it('stays the same while it delivers, and changes when it does not', () => {
    const ways = relays(b, d)
    ways.hear(c, b, monotonic(0))
    expect(ways.hear(c, d, monotonic(100))).toBe(false)
    expect(ways.via(c)).toBe(b)
    ways.hear(c, d, monotonic(5000))
    expect(ways.via(c)).toBe(d)
  })

  it('is dropped when nothing came over it for three seconds, or its link has ended', () => {
    const ways = relays(b)
    ways.hear(c, b, monotonic(0))
    expect(ways.isHeard(c, monotonic(2999))).toBe(true)
    expect(ways.isHeard(c, monotonic(3000))).toBe(false)
    expect(ways.via(c)).toBeUndefined()
    ways.hear(c, b, monotonic(4000))
    expect(ways.lost(b)).toEqual([c])
    expect(ways.isHeard(c, monotonic(4000))).toBe(false)
  })

  it('does not exist over a missing link', () => {
    const ways = relays(d)
    ways.hear(c, b, monotonic(0))
    expect(ways.via(c)).toBeUndefined()
    expect(ways.peers()).toEqual([])
  })
})
