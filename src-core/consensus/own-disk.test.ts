import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import type { LogEnd } from './log-end'
import { DISK_PATIENCE_MS, isHanging, soundDisk } from './own-disk'
import {
  heardBy,
  masterOf,
  restartReplica,
  startReplica,
  VOTE_MS,
  type Effect,
  type Input,
  type Replica,
} from './replica'
import { step } from './step'
import { monotonic } from '../time/clocks'
import { isTermKept } from './term-keeping'

const [a, b, c] = ['a', 'b', 'c'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]
const logOf = (sequence: number): LogEnd => ({ sequence, epochs: [{ term: 1, master: a, from: 1 }] })

/** One replica with its own clock. */
class Node {
  now = 0
  effects: Effect[] = []
  keepsTerms = true

  constructor(
    public replica: Replica,
    others: readonly NodeId[],
  ) {
    for (const peer of others) this.give({ kind: 'connected', peer })
  }

  give(input: Input): void {
    const stepped = step(this.replica, input, monotonic(this.now))
    this.replica = stepped.replica
    for (const effect of stepped.effects) {
      if (effect.kind !== 'keepTerm' || !this.keepsTerms) this.effects.push(effect)
      else this.give({ kind: 'termKept', known: effect.known })
    }
  }

  /** Advances the time, with ticks. */
  pass(milliseconds: number): void {
    for (const end = this.now + milliseconds; this.now < end;) {
      this.now += 100
      this.give({ kind: 'tick' })
    }
  }

  answers(from: NodeId, sequence: number, more: { candidate?: boolean; master?: NodeId } = {}): void {
    this.give({ kind: 'message', from, message: { type: 'answer', term: 1, log: logOf(sequence), ...more } })
  }

  written(): void {
    this.give({ kind: 'written', log: this.replica.ordered })
  }

  sent(to: NodeId): string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' && effect.to === to ? [effect.message.type] : []))
  }

  get hangs(): boolean {
    return this.effects.some(({ kind }) => kind === 'diskHangs')
  }
}

const node = (self: NodeId, others: readonly NodeId[], sequence = 3): Node =>
  new Node(startReplica(self, logOf(sequence), [self, ...others], monotonic(0)), others)

/** `a` leads, and `followers` have all of its log. */
const leader = (...followers: NodeId[]): Node => {
  const leading = node(a, followers)
  for (const peer of followers) leading.answers(peer, 1)
  leading.written()
  const { log, term } = leading.replica
  for (const from of followers)
    leading.give({ kind: 'message', from, message: { type: 'follow', term, log, stored: log.sequence } })
  expect(masterOf(leading.replica)).toBe(a)
  leading.effects = []
  return leading
}

const append = ({ replica: { ordered } }: Node): Input => ({
  kind: 'appended',
  log: { ...ordered, sequence: ordered.sequence + 1 },
})

describe('a leader whose disk hangs', () => {
  it('hands over to a follower with its log after two seconds, not before', () => {
    const leading = leader(b)
    leading.give(append(leading))
    leading.pass(DISK_PATIENCE_MS - 100)
    expect(masterOf(leading.replica)).toBe(a)
    leading.pass(100)
    expect(leading.replica.role).toMatchObject({ kind: 'away', listens: true })
    expect(leading.sent(b)).toContain('handover')
    expect(leading.hangs).toBe(true)
  })

  it('stays leader if no other member is reachable', () => {
    const leading = leader(b)
    leading.give(append(leading))
    leading.give({ kind: 'disconnected', peer: b })
    leading.pass(60_000)
    expect(masterOf(leading.replica)).toBe(a)
    leading.give({ kind: 'connected', peer: b })
    leading.pass(100)
    expect(masterOf(leading.replica)).toBeUndefined()
  })

  it('is not assumed while each write completes in time, however many are outstanding', () => {
    const leading = leader(b)
    for (let writes = 0; writes < 20; writes += 1) {
      leading.give(append(leading))
      const { ordered } = leading.replica
      leading.give(append(leading))
      leading.pass(1500)
      leading.give({ kind: 'written', log: ordered })
    }
    expect(masterOf(leading.replica)).toBe(a)
  })

  it('is not assumed after a sleep, during which nothing could complete', () => {
    const leading = leader(b)
    leading.give(append(leading))
    leading.now += 3_600_000
    leading.give({ kind: 'wake' })
    leading.pass(1000)
    expect(leading.hangs).toBe(false)
  })

  it('sends no record before it is on its disk', () => {
    const leading = leader(b)
    leading.give(append(leading))
    const { term } = leading.replica
    leading.give({
      kind: 'message',
      from: b,
      message: { type: 'follow', term, log: leading.replica.log, stored: leading.replica.log.sequence },
    })
    expect(leading.effects.filter(({ kind }) => kind === 'sendRecords')).toEqual([])
    const heartbeats = leading.effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.type === 'lead' ? [effect.message.log.sequence] : [],
    )
    expect(new Set(heartbeats)).not.toContain(leading.replica.ordered.sequence)
  })
})

describe('a slow disk', () => {
  it('is allowed twice the time of its last write, also when the node takes part again', () => {
    const leading = leader(b)
    leading.give(append(leading))
    leading.pass(10_000)
    expect(leading.hangs).toBe(true)
    leading.written()
    expect(leading.replica.disk).toEqual({ behindSince: undefined, patience: 20_000 })
    const again = restartReplica(leading.replica, leading.replica.log, [a, b], monotonic(leading.now))
    expect(again.disk.patience).toBe(20_000)
  })

  it('is allowed less again after each fast write, and a minute at most', () => {
    const leading = leader(b)
    leading.give(append(leading))
    leading.pass(600_000)
    leading.written()
    const { disk } = leading.replica
    expect(disk.patience).toBe(60_000)
    const again = leader(b)
    again.replica = { ...again.replica, disk }
    for (let writes = 0; writes < 8; writes += 1) {
      again.give(append(again))
      again.written()
    }
    expect(again.replica.disk.patience).toBe(DISK_PATIENCE_MS)
  })

  it('is allowed the whole time of one sync that completed several writes', () => {
    const leading = leader(b)
    const ends = Array.from({ length: 6 }, () => {
      leading.give(append(leading))
      return leading.replica.ordered
    })
    leading.pass(1900)
    leading.replica = { ...leading.replica, disk: { ...leading.replica.disk, patience: 20_000 } }
    leading.pass(8100)
    for (const log of ends) leading.give({ kind: 'written', log })
    expect(leading.replica.disk).toEqual({ patience: 20_000 })
  })

  it('does not count as hanging while nothing is written', () => {
    expect(isHanging(soundDisk, monotonic(1e9))).toBe(false)
  })
})

describe('a candidate whose disk hangs', () => {
  it('gives up, and is silent until its disk answers', () => {
    const candidate = node(a, [b, c])
    candidate.answers(b, 3)
    candidate.answers(c, 3)
    expect(candidate.replica.role.kind).toBe('beginning')
    candidate.pass(DISK_PATIENCE_MS)
    expect(candidate.replica.role).toMatchObject({ kind: 'away', listens: true })
    candidate.effects = []
    candidate.give({ kind: 'message', from: b, message: { type: 'ask', term: 1, log: logOf(3) } })
    expect(candidate.effects).toEqual([])
  })

  it('reports that it stands, and only the part of its log that is on its disk', () => {
    const candidate = node(a, [b])
    candidate.answers(b, 3)
    candidate.effects = []
    candidate.give({ kind: 'message', from: b, message: { type: 'ask', term: 1, log: logOf(3) } })
    expect(candidate.effects).toMatchObject([{ kind: 'send', message: { candidate: true, log: { sequence: 3 } } }])
  })

  it('is waited for by the others for two seconds, though it would have won', () => {
    const waiting = node(b, [a])
    for (let heard = 0; heard < DISK_PATIENCE_MS; heard += 100) {
      waiting.answers(a, 3, { candidate: true })
      expect(waiting.replica.role.kind).toBe('seeking')
      waiting.pass(100)
    }
    waiting.answers(a, 3, { candidate: true })
    waiting.pass(100)
    expect(waiting.replica.role.kind).toBe('beginning')
  })

  it('is waited for longer by a member whose own disk is as slow', () => {
    const waiting = node(b, [a])
    waiting.replica = { ...waiting.replica, disk: { patience: 20_000 } }
    for (let heard = 0; heard < 10_000; heard += 100) {
      waiting.answers(a, 3, { candidate: true })
      waiting.pass(100)
    }
    expect(waiting.replica.role.kind).toBe('seeking')
  })

  it('that takes over is not misled by the goodbye of the previous leader', () => {
    const heir = node(b, [a, c])
    heir.give({ kind: 'message', from: a, message: { type: 'lead', term: 1, log: logOf(3), followers: 2 } })
    heir.give({ kind: 'message', from: a, message: { type: 'handover', term: 1 } })
    heir.pass(DISK_PATIENCE_MS - 100)
    expect(heir.replica.role.kind).toBe('beginning')
  })
})

describe('a voter whose disk does not answer', () => {
  it('and that has fallen silent delays nobody, whatever it reported before', () => {
    const waiting = node(b, [a])
    // Its more complete log would let it lead.
    waiting.answers(a, 5)
    waiting.pass(VOTE_MS - 100)
    expect(waiting.replica.role.kind).toBe('seeking')
    waiting.pass(100)
    expect(waiting.replica.role.kind).toBe('beginning')
  })

  it('with a write outstanding does not stand when its leader leaves', () => {
    const follower = node(a, [b, c])
    follower.give({ kind: 'message', from: b, message: { type: 'lead', term: 2, log: logOf(5), followers: 2 } })
    const records = { type: 'records', term: 2, after: 3, log: logOf(5) } as const
    follower.give({ kind: 'message', from: b, message: records })
    for (let heard = 0; heard < 3000; heard += 500) {
      follower.give({ kind: 'message', from: b, message: { type: 'lead', term: 2, log: logOf(5), followers: 2 } })
      follower.pass(500)
    }
    expect(masterOf(follower.replica)).toBe(b)
    follower.give({ kind: 'disconnected', peer: b })
    follower.pass(100)
    expect(follower.replica.role).toMatchObject({ kind: 'away', listens: true })
  })
})

describe('a term that is not on the disk', () => {
  const lead = { type: 'lead', term: 5, log: logOf(3), followers: 1 } as const
  const kinds = ({ effects }: Node): string[] => effects.map(({ kind }) => kind)

  it('is written once, before every message that mentions it', () => {
    const follower = node(a, [b, c])
    follower.keepsTerms = false
    follower.effects = []
    for (let heard = 0; heard < 3; heard += 1) follower.give({ kind: 'message', from: b, message: lead })
    expect(kinds(follower)).toEqual(['keepTerm', 'send', 'send', 'send'])
    expect(isTermKept(follower.replica)).toBe(false)
    follower.give({ kind: 'termKept', known: { term: 5, obeyed: b } })
    expect(isTermKept(follower.replica)).toBe(true)
  })

  it('turns a follower into a listener after two seconds, which tracks the leader and sends nothing', () => {
    const follower = node(a, [b, c])
    follower.keepsTerms = false
    for (let heard = 0; heard < DISK_PATIENCE_MS; heard += 500) {
      expect(follower.hangs).toBe(false)
      follower.give({ kind: 'message', from: b, message: lead })
      follower.pass(500)
    }
    expect(follower.hangs).toBe(true)
    expect(heardBy(follower.replica)).toMatchObject({ master: b, term: 5 })
    follower.effects = []
    follower.give({ kind: 'message', from: b, message: lead })
    follower.give({ kind: 'message', from: c, message: { type: 'ask', term: 5, log: logOf(3) } })
    follower.pass(500)
    expect(follower.effects).toEqual([])
  })

  it('does not let a candidate delay the others', () => {
    const candidate = node(a, [b, c])
    candidate.keepsTerms = false
    candidate.answers(b, 3)
    candidate.answers(c, 3)
    expect(kinds(candidate).slice(-2)).toEqual(['keepTerm', 'beginTerm'])
    candidate.pass(DISK_PATIENCE_MS)
    expect(candidate.replica.role).toMatchObject({ kind: 'away', listens: true })
  })

  it('is written again by a node that takes part again after its disk refused writes', () => {
    const follower = node(a, [b])
    follower.keepsTerms = false
    follower.give({ kind: 'message', from: b, message: lead })
    follower.give({ kind: 'leave', listens: true })
    follower.replica = restartReplica(follower.replica, logOf(3), [a, b], monotonic(follower.now))
    follower.effects = []
    follower.give({ kind: 'tick' })
    expect(follower.effects).toContainEqual({ kind: 'keepTerm', known: { term: 5, obeyed: b } })
  })

  it('counts as a slow write, so that two nodes with slow disks do not depose each other', () => {
    const candidate = node(a, [b, c])
    candidate.keepsTerms = false
    candidate.answers(b, 3)
    candidate.answers(c, 3)
    candidate.pass(6000)
    candidate.give({ kind: 'termKept', known: { term: 2, obeyed: a } })
    expect(candidate.replica.disk.patience).toBe(12_000)
  })
})
