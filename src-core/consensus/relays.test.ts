import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { Relays } from './relays'

const [b, c, d] = [NodeId.parse('b'), NodeId.parse('c'), NodeId.parse('d')]
const relays = (...linked: NodeId[]) => new Relays((peer) => linked.includes(peer))

describe('a way to a member through another', () => {
  it('is news once, and is there until a link of its own is', () => {
    const ways = relays(b)
    expect(ways.hear(c, b, 0)).toBe(true)
    expect(ways.hear(c, b, 10)).toBe(false)
    expect([ways.via(c), ways.heardAt(c), ways.peers()]).toEqual([b, 10, [c]])
    ways.end(c)
    expect(ways.via(c)).toBeUndefined()
  })

  it('stays the same while something comes over it, and is another one when nothing does', () => {
    const ways = relays(b, d)
    ways.hear(c, b, 0)
    expect(ways.hear(c, d, 100)).toBe(false)
    expect(ways.via(c)).toBe(b)
    ways.hear(c, d, 5000)
    expect(ways.via(c)).toBe(d)
  })

  it('is forgotten when nothing has come over it for three seconds, or its link has ended', () => {
    const ways = relays(b)
    ways.hear(c, b, 0)
    expect(ways.isHeard(c, 2999)).toBe(true)
    expect(ways.isHeard(c, 3000)).toBe(false)
    expect(ways.via(c)).toBeUndefined()
    ways.hear(c, b, 4000)
    expect(ways.lost(b)).toEqual([c])
    expect(ways.isHeard(c, 4000)).toBe(false)
  })

  it('is none over a link that is not there', () => {
    const ways = relays(d)
    ways.hear(c, b, 0)
    expect(ways.via(c)).toBeUndefined()
    expect(ways.peers()).toEqual([])
  })
})
