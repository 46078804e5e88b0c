import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { KnownRemovals } from './known-removals'
import { startReplica, type Peer, type Replica } from './replica'
import { monotonic } from '../time/clocks'

const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
const MINUTE = 60_000

const leader = (sequence: number, peer: Partial<Peer>): Replica => {
  const replica = startReplica(a, { sequence, epochs: [] }, [a, b], monotonic(0))
  return { ...replica, peers: new Map([[b, { connected: true, refused: false, answered: true, master: a, ...peer }]]) }
}

describe('the removals that every member knows', () => {
  it('are those before the point up to which all members had the log a while ago', () => {
    const known = new KnownRemovals()
    expect(known.update(leader(10, { stored: 10 }), 1000, monotonic(0))).toBeUndefined()
    expect(known.update(leader(20, { stored: 20 }), 2000, monotonic(MINUTE - 1))).toBeUndefined()
    expect(known.update(leader(30, { stored: 29 }), 3000, monotonic(MINUTE))).toBe(1000)
    expect(known.update(leader(40, { stored: 40 }), 4000, monotonic(2 * MINUTE))).toBe(3000)
  })

  it.each([
    ['is away', { connected: false, stored: 10 }],
    ['follows nobody', { master: undefined, stored: 10 }],
    ['lacks some of it', { stored: 9 }],
    ['has said nothing of its log', {}],
  ])('do not grow while a member %s', (_why, peer) => {
    const known = new KnownRemovals()
    known.update(leader(10, peer), 1000, monotonic(0))
    expect(known.update(leader(20, peer), 2000, monotonic(MINUTE))).toBeUndefined()
  })
})
