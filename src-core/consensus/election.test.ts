import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import { successorOf, shouldLead, winsOver } from './election'
import { emptyLog, type LogEnd } from './log-end'
import { peersFrom, startReplica, type Input, type Peer, type Replica } from './replica'
import { step } from './step'

const a = NodeId.parse('a')
const b = NodeId.parse('b')
const c = NodeId.parse('c')
const logOf = (term: number, sequence: number): LogEnd => ({ sequence, epochs: [{ term, master: a, from: 1 }] })

const master = (self: NodeId, peers: Record<string, Partial<Peer>> = {}, log = logOf(1, 5)): Replica => {
  const others = Object.keys(peers).map((name) => NodeId.parse(name))
  const known = [...peersFrom(self, others, new Map())].map(([name, peer]): [NodeId, Peer] => [
    name,
    { ...peer, connected: true, heardAt: 0, ...peers[name] },
  ])
  return { ...startReplica(self, log, others, 0), role: { kind: 'master' }, peers: new Map(known) }
}
const lead = (term: number, followers: number) => ({ type: 'lead' as const, term, followers, log: emptyLog })

describe('of two masters after a split', () => {
  it('the side with more members wins, whatever its term', () => {
    expect(winsOver(master(b, { c: { master: b } }), a, lead(7, 0), 0)).toBe(true)
    expect(winsOver(master(b), a, lead(1, 1), 0)).toBe(false)
  })

  it('a follower that was not heard lately counts for nobody', () => {
    expect(winsOver(master(b, { c: { master: b, heardAt: -60_000 } }), a, lead(7, 0), 0)).toBe(false)
  })

  it('of as many the later term wins, and then the lower id', () => {
    expect(winsOver(master(b), a, lead(0, 0), 0)).toBe(true)
    expect(winsOver(master(b), a, lead(1, 0), 0)).toBe(false)
    expect(winsOver(master(b), c, lead(1, 0), 0)).toBe(true)
  })
})

describe('a node whose log has made room for another', () => {
  const seeking = (log: LogEnd, peer: Partial<Peer>): Replica => ({
    ...master(a, { b: { ...peer, answered: peer.log !== undefined } }, log),
    role: { kind: 'seeking', since: 0 },
  })

  it('leads nobody before it has that log, however long it waits', () => {
    expect(shouldLead(seeking(emptyLog, { connected: false, refused: true }), 3_600_000)).toBe(false)
    expect(shouldLead(seeking(logOf(1, 1), { connected: false, refused: true }), 3_600_000)).toBe(true)
  })

  it('leads where nobody else has any', () => {
    expect(shouldLead(seeking(emptyLog, { log: emptyLog }), 0)).toBe(true)
  })
})

describe('who leads after a master that leaves', () => {
  it('is the follower that knows most, at once where it lacks nothing', () => {
    const followers = {
      b: { master: a, log: logOf(1, 4), stored: 4 },
      c: { master: a, log: logOf(1, 5), stored: 5 },
    }
    expect(successorOf(master(a, followers))).toEqual({ nodeId: c, lacksNothing: true })
    expect(successorOf(master(a, followers, logOf(1, 6)))).toEqual({ nodeId: c, lacksNothing: false })
  })

  it('is the lower id of those that know as much', () => {
    const log = logOf(1, 5)
    const knows = { master: a, log, stored: 5 }
    expect(successorOf(master(a, { c: knows, b: knows }))?.nodeId).toBe(b)
  })

  it('is judged by its disk, not by what is on the way there', () => {
    const log = logOf(1, 5)
    const followers = { b: { master: a, log, stored: 2 }, c: { master: a, log, stored: 5 } }
    expect(successorOf(master(a, followers))).toEqual({ nodeId: c, lacksNothing: true })
  })

  it('is nobody that follows another, or that no link leads to', () => {
    const log = logOf(1, 5)
    expect(successorOf(master(a, { b: { master: c, log }, c: { master: a, log, connected: false } }))).toBeUndefined()
  })
})

describe('a node that seeks a leader', () => {
  const answer = (named: NodeId): Input => ({
    kind: 'message',
    from: b,
    message: { type: 'answer', term: 1, log: logOf(1, 5), master: named },
  })
  const seeking: Replica = { ...master(a, { b: {} }), role: { kind: 'seeking', since: 0 } }
  const vouched = (replica: Replica, named: NodeId): unknown[] =>
    step(replica, answer(named), 1).effects.filter(({ kind }) => kind === 'vouched')

  it('takes the word of a member for a leader that it does not know', () => {
    expect(vouched(seeking, c)).toEqual([{ kind: 'vouched', nodeId: c }])
  })

  it('takes it also while it leads: the two would never meet otherwise', () => {
    expect(vouched(master(a, { b: {} }), c)).toEqual([{ kind: 'vouched', nodeId: c }])
  })

  it('needs nobody’s word for one that it knows', () => {
    expect(vouched(seeking, b)).toEqual([])
    expect(vouched(seeking, a)).toEqual([])
  })

  it('names the leader that it follows to another one that says that it leads', () => {
    const role = { kind: 'follower', master: c, heardAt: 0 } as const
    const follower: Replica = { ...master(a, { b: {}, c: {} }), role }
    const lead = { type: 'lead', term: 1, log: logOf(1, 5), followers: 0 } as const
    const { effects } = step(follower, { kind: 'message', from: b, message: lead }, 1)
    expect(effects).toContainEqual({
      ...{ kind: 'send', to: b },
      message: expect.objectContaining({ type: 'answer', master: c }) as unknown,
    })
  })
})
