import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { successorOf, shouldLead, winsOver } from './election'
import { emptyLog, type LogEnd } from './log-end'
import { peersFrom, startReplica, type Input, type Peer, type Replica } from './replica'
import { step } from './step'
import { monotonic } from '../time/clocks'

const a = NodeId.parse('a')
const b = NodeId.parse('b')
const c = NodeId.parse('c')
const logOf = (term: number, sequence: number): LogEnd => ({ sequence, epochs: [{ term, master: a, from: 1 }] })

const master = (self: NodeId, peers: Record<string, Partial<Peer>> = {}, log = logOf(1, 5)): Replica => {
  const others = Object.keys(peers).map((name) => NodeId.parse(name))
  const known = [...peersFrom(self, others, new Map())].map(([name, peer]): [NodeId, Peer] => [
    name,
    { ...peer, connected: true, heardAt: monotonic(0), ...peers[name] },
  ])
  return { ...startReplica(self, log, others, monotonic(0)), role: { kind: 'master' }, peers: new Map(known) }
}
const lead = (term: number, followers: number) => ({ type: 'lead' as const, term, followers, log: emptyLog })

describe('of two leaders after a split', () => {
  it('the one with more followers wins, whatever its term', () => {
    expect(winsOver(master(b, { c: { master: b } }), a, lead(7, 0), monotonic(0))).toBe(true)
    expect(winsOver(master(b), a, lead(1, 1), monotonic(0))).toBe(false)
  })

  it('a follower that was not heard lately does not count', () => {
    expect(winsOver(master(b, { c: { master: b, heardAt: monotonic(-60_000) } }), a, lead(7, 0), monotonic(0))).toBe(
      false,
    )
  })

  it('with equally many followers the later term wins, then the lower id', () => {
    expect(winsOver(master(b), a, lead(0, 0), monotonic(0))).toBe(true)
    expect(winsOver(master(b), a, lead(1, 0), monotonic(0))).toBe(false)
    expect(winsOver(master(b), c, lead(1, 0), monotonic(0))).toBe(true)
  })
})

describe('a node that discarded its log for another one', () => {
  const seeking = (log: LogEnd, peer: Partial<Peer>): Replica => ({
    ...master(a, { b: { ...peer, answered: peer.log !== undefined } }, log),
    role: { kind: 'seeking', since: monotonic(0) },
  })

  it('does not lead before it has that log, however long it waits', () => {
    expect(shouldLead(seeking(emptyLog, { connected: false, refused: true }), monotonic(3_600_000))).toBe(false)
    expect(shouldLead(seeking(logOf(1, 1), { connected: false, refused: true }), monotonic(3_600_000))).toBe(true)
  })

  it('leads if no other member has any log either', () => {
    expect(shouldLead(seeking(emptyLog, { log: emptyLog }), monotonic(0))).toBe(true)
  })
})

describe('the successor of a leader that leaves', () => {
  it('is the follower with the most complete log; if that is the whole log, it can lead at once', () => {
    const followers = {
      b: { master: a, log: logOf(1, 4), stored: 4 },
      c: { master: a, log: logOf(1, 5), stored: 5 },
    }
    expect(successorOf(master(a, followers))).toEqual({ nodeId: c, lacksNothing: true })
    expect(successorOf(master(a, followers, logOf(1, 6)))).toEqual({ nodeId: c, lacksNothing: false })
  })

  it('is the one with the lower id if two logs are equal', () => {
    const log = logOf(1, 5)
    const knows = { master: a, log, stored: 5 }
    expect(successorOf(master(a, { c: knows, b: knows }))?.nodeId).toBe(b)
  })

  it('is chosen by what is on its disk, not by what is in flight', () => {
    const log = logOf(1, 5)
    const followers = { b: { master: a, log, stored: 2 }, c: { master: a, log, stored: 5 } }
    expect(successorOf(master(a, followers))).toEqual({ nodeId: c, lacksNothing: true })
  })

  it('is never a node that follows another leader or has no link', () => {
    const log = logOf(1, 5)
    expect(successorOf(master(a, { b: { master: c, log }, c: { master: a, log, connected: false } }))).toBeUndefined()
  })
})

describe('a node without a leader', () => {
  const answer = (named: NodeId): Input => ({
    kind: 'message',
    from: b,
    message: { type: 'answer', term: 1, log: logOf(1, 5), master: named },
  })
  const seeking: Replica = { ...master(a, { b: {} }), role: { kind: 'seeking', since: monotonic(0) } }
  const vouched = (replica: Replica, named: NodeId): unknown[] =>
    step(replica, answer(named), monotonic(1)).effects.filter(({ kind }) => kind === 'vouched')

  it('accepts a leader that it does not know if a member names it', () => {
    expect(vouched(seeking, c)).toEqual([{ kind: 'vouched', nodeId: c }])
  })

  it('accepts one also while it leads itself: the two would otherwise never meet', () => {
    expect(vouched(master(a, { b: {} }), c)).toEqual([{ kind: 'vouched', nodeId: c }])
  })

  it('needs no member to vouch for a leader that it knows', () => {
    expect(vouched(seeking, b)).toEqual([])
    expect(vouched(seeking, a)).toEqual([])
  })

  it('names the leader that it follows to another node that claims to lead', () => {
    const role = { kind: 'follower', master: c, heardAt: monotonic(0) } as const
    const follower: Replica = { ...master(a, { b: {}, c: {} }), role }
    const lead = { type: 'lead', term: 1, log: logOf(1, 5), followers: 0 } as const
    const { effects } = step(follower, { kind: 'message', from: b, message: lead }, monotonic(1))
    expect(effects).toContainEqual({
      ...{ kind: 'send', to: b },
      message: expect.objectContaining({ type: 'answer', master: c }) as unknown,
    })
  })
})
