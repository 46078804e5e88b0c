import { describe, expect, it } from 'vitest'
import { Random } from '../random'
import { NodeId } from '../ids'
import { emptyLog, lastCommon } from './log-end'
import type { Message } from './message'
import {
  CONTESTED_MS,
  heardBy,
  masterOf,
  SILENCE_MS,
  startReplica,
  type Effect,
  type Input,
  type Replica,
} from './replica'
import { step } from './step'
import { Cluster } from './testing/cluster'
import { monotonic } from '../time/clocks'

const cluster = (names: string, seed = 1): Cluster => new Cluster([...names], new Random(seed))

/** Expects one master, followed by all others, with equal logs. */
const expectUnited = (all: Cluster): void => {
  const [master, ...others] = all.masters()
  expect(others).toEqual([])
  if (master === undefined) throw new Error('nobody leads')
  for (const [name, { replica, running }] of all.hosts) {
    if (!running) continue
    expect(masterOf(replica)).toBe(master)
    expect(all.host(name).entries).toEqual(all.host(master).entries)
  }
}

describe('a cluster', () => {
  it('of one node is led by that node at once', () => {
    const alone = cluster('a')
    alone.run(100)
    expect(alone.masters()).toEqual(['a'])
    expect(alone.propose('a', 'x')).toBe(true)
    alone.run(100)
    expect(alone.acknowledged).toContain('x')
  })

  it('elects one leader, and all have its log', () => {
    const three = cluster('abc')
    three.run(2000)
    expectUnited(three)
    three.propose(three.masters()[0] ?? '', 'x')
    three.run(500)
    expectUnited(three)
    expect(three.acknowledged).toContain('x')
  })

  it('acknowledges only what a second member has, if there is one', () => {
    const two = cluster('ab')
    two.run(2000)
    const [master = ''] = two.masters()
    two.cut('a', 'b')
    two.propose(master, 'x')
    two.run(200)
    expect(two.acknowledged).not.toContain('x')
    // A node that is left alone continues without the other: it would otherwise stop whenever the other machine sleeps.
    two.run(1500)
    expect(two.acknowledged).toContain('x')
  })

  it('waits for a reachable member that does not follow yet', () => {
    const two = cluster('ab')
    two.run(2000)
    const [master = ''] = two.masters()
    const other = master === 'a' ? 'b' : 'a'
    two.crash(other)
    two.run(100)
    // It is connected again, and has not sent anything yet.
    two.restart(other)
    two.propose(master, 'x')
    two.run(5)
    expect(two.acknowledged).not.toContain('x')
    two.run(500)
    expect(two.valuesOf(other)).toContain('x')
    expect(two.acknowledged).toContain('x')
  })

  it('has a new leader soon after the old one died, with everything that was acknowledged', () => {
    const three = cluster('abc')
    three.run(2000)
    const [old = ''] = three.masters()
    three.propose(old, 'x')
    three.run(500)
    three.crash(old)
    three.run(3500)
    const [master = ''] = three.masters()
    expect(master).not.toBe(old)
    expect(three.valuesOf(master)).toEqual(['x'])
    three.restart(old)
    three.run(2000)
    expectUnited(three)
    expect(three.masters()).toEqual([master])
  })

  it('is not disturbed by a node that was away: the node follows', () => {
    const three = cluster('abc')
    three.run(2000)
    const [master = ''] = three.masters()
    const sleeper = ['a', 'b', 'c'].find((name) => name !== master) ?? ''
    three.crash(sleeper)
    three.run(10_000)
    three.restart(sleeper)
    three.run(10_000)
    expect(three.masters()).toEqual([master])
    expect(three.terms).toHaveLength(1)
    expectUnited(three)
  })

  it('is handed over by a leader that leaves in order, without an election', () => {
    const three = cluster('abc')
    three.run(2000)
    const [old = ''] = three.masters()
    three.propose(old, 'x')
    three.run(500)
    three.leave(old)
    three.run(100)
    const [master = ''] = three.masters()
    expect(master).not.toBe(old)
    expect(three.propose(master, 'y')).toBe(true)
    three.run(1000)
    expect(three.valuesOf(master)).toEqual(['x', 'y'])
    expect(three.acknowledged).toContain('y')
  })

  it('accepts messages of members only', () => {
    const two = cluster('ab')
    two.run(2000)
    const { replica } = two.host('a')
    const stranger = NodeId.parse('stranger')
    const lead = { type: 'lead', term: 99, log: emptyLog, followers: 9 } as const
    const { effects, replica: after } = step(
      replica,
      { kind: 'message', from: stranger, message: lead },
      monotonic(5000),
    )
    expect(effects).toEqual([])
    expect(after).toBe(replica)
    const alone = step(replica, { kind: 'members', members: [replica.self] }, monotonic(5000)).replica
    expect([...alone.peers]).toEqual([])
  })

  it('follows no leader of an earlier term', () => {
    const two = cluster('ab')
    two.run(2000)
    const [master] = two.masters()
    const follower = [...two.hosts.values()].find(({ replica }) => replica.self !== master)
    if (!follower || master === undefined) throw new Error('nobody follows')
    const { replica } = follower
    for (const message of [
      { type: 'rewind', term: replica.term - 1, after: 0 },
      { type: 'records', term: replica.term - 1, after: 1, log: { ...replica.log, sequence: 9 } },
      { type: 'handover', term: replica.term - 1 },
    ] as const)
      expect(step(replica, { kind: 'message', from: master, message }, monotonic(2100)).effects).toEqual([])
  })

  it('stays with a live leader, whatever another node claims', () => {
    const three = cluster('abc')
    three.run(2000)
    const [master] = three.masters()
    const [follower, other] = [...three.hosts.values()].filter(({ replica }) => replica.self !== master)
    if (!follower || !other || master === undefined) throw new Error('nobody follows')
    const lead = { type: 'lead', term: 9, log: other.replica.log, followers: 1 } as const
    const input = { kind: 'message', from: other.replica.self, message: lead } as const
    expect(masterOf(step(follower.replica, input, monotonic(2010)).replica)).toBe(master)
    // A leader that is no longer heard binds nobody.
    expect(masterOf(step(follower.replica, input, monotonic(2010 + SILENCE_MS)).replica)).toBe(other.replica.self)
    // Nor does one that names another leader: its followers ask at once.
    const answer = { type: 'answer', term: 9, log: other.replica.log, master: other.replica.self } as const
    const renounced = step(follower.replica, { kind: 'message', from: master, message: answer }, monotonic(2010))
    expect(renounced.replica.role.kind).toBe('seeking')
    expect(renounced.effects).toContainEqual(expect.objectContaining({ to: other.replica.self }))
  })

  it('follows one leader per term: another one with the same term has to take a later one', () => {
    const members = ['a', 'b', 'c'].map((name) => NodeId.parse(name))
    const [a, b, c] = members
    if (!a || !b || !c) throw new Error('three names')
    const log = { sequence: 3, epochs: [{ term: 2, master: a, from: 1 }] }
    let replica = startReplica(c, log, members, monotonic(0))
    replica = step(replica, { kind: 'connected', peer: b }, monotonic(1)).replica
    const lead = { type: 'lead', term: 2, log: emptyLog, followers: 0 } as const
    const heard = step(replica, { kind: 'message', from: b, message: lead }, monotonic(2))
    expect(masterOf(heard.replica)).toBeUndefined()
    const says = expect.objectContaining({ type: 'follow', term: 3 }) as unknown
    expect(heard.effects).toEqual([
      { kind: 'keepTerm', known: { term: 3 } },
      { kind: 'send', to: b, message: says },
    ])
    const later = step(heard.replica, { kind: 'message', from: b, message: { ...lead, term: 4 } }, monotonic(3))
    expect(masterOf(later.replica)).toBe(b)
  })

  it('does not raise its term against another leader without end', () => {
    const two = cluster('ab')
    two.run(2000)
    two.cut('a', 'b')
    two.run(6000)
    expect(two.masters()).toEqual(['a', 'b'])
    const { replica } = two.host('a')
    // Fewer followers than this node, so that this node wins, and a later term, so that it has to raise its own.
    const lead = { type: 'lead', term: 50, log: emptyLog, followers: -1 } as const
    const message = { kind: 'message', from: NodeId.parse('b'), message: lead } as const
    const raised = step(replica, message, monotonic(6001))
    const known = { term: 51, obeyed: NodeId.parse('a') }
    expect(raised.effects).toEqual([
      { kind: 'keepTerm', known },
      { kind: 'beginTerm', term: 51 },
    ])
    const leads = { ...raised.replica, role: { kind: 'master' as const } }
    expect(step(leads, { ...message, message: { ...lead, term: 52 } }, monotonic(6010)).effects).toEqual([])
    // Outbid in turn, it gives way: otherwise two leaders with slow disks would depose each other for ever.
    const outbid = step(leads, { ...message, message: { ...lead, term: 52 } }, monotonic(6001 + SILENCE_MS))
    expect(masterOf(outbid.replica)).toBe('b')
    const muchLater = step(leads, { ...message, message: { ...lead, term: 52 } }, monotonic(6001 + CONTESTED_MS))
    expect(muchLater.effects).toContainEqual({ kind: 'beginTerm', term: 53 })
  })

  it('is led by the larger side after a split, and loses nothing of the other side', () => {
    const five = cluster('abcde')
    five.run(2000)
    for (const one of 'ab') for (const other of 'cde') five.cut(one, other)
    five.run(6000)
    const sides = five.masters()
    expect(sides).toHaveLength(2)
    for (const name of sides) five.propose(name, `from ${name}`)
    five.run(500)
    expect(five.acknowledged.size).toBe(2)
    five.heal()
    five.run(6000)
    expectUnited(five)
    expect('cde').toContain(five.masters()[0])
    expect(new Set(five.valuesOf('a'))).toEqual(five.acknowledged)
  })

  it.each(Array.from({ length: 200 }, (_, seed) => seed + 1))(
    'comes together again with everything acknowledged, whatever happened (seed %i)',
    (seed) => {
      const random = new Random(seed)
      const names = [...'abcd'].slice(0, random.integer(2, 4))
      const all = new Cluster(names, new Random(seed + 1000))
      const any = () => names[random.integer(0, names.length - 1)] ?? 'a'
      for (let turn = 0; turn < 60; turn += 1) {
        all.loss = random.chance(0.2) ? 0.2 : 0
        const name = any()
        switch (random.integer(0, 5)) {
          case 0:
            all.cut(name, any())
            break
          case 1:
            all.heal()
            break
          case 2:
            if (all.host(name).running) all.crash(name)
            break
          case 3:
            if (!all.host(name).running) all.restart(name)
            break
          default:
            for (const master of all.masters()) all.propose(master, `${turn} by ${master}`)
        }
        all.run(random.integer(10, 2500))
        for (const one of all.hosts.values()) {
          for (const other of all.hosts.values()) {
            const log = ({ entries, epochs }: typeof one) => ({ sequence: entries.length, epochs })
            const common = lastCommon(log(one), log(other))
            expect(one.entries.slice(0, common)).toEqual(other.entries.slice(0, common))
          }
        }
      }
      all.loss = 0
      all.heal()
      for (const name of names) if (!all.host(name).running) all.restart(name)
      all.heal()
      all.run(20_000)
      expectUnited(all)
      const kept = new Set(all.valuesOf(all.masters()[0] ?? ''))
      expect([...all.acknowledged].filter((value) => !kept.has(value))).toEqual([])
      expect(new Set(all.terms).size).toBe(all.terms.length)
    },
  )
})

describe('a member that sends false messages', () => {
  it.each([
    { type: 'follow', term: Number.MAX_SAFE_INTEGER, log: emptyLog, stored: 0 },
    { type: 'lead', term: Number.MAX_SAFE_INTEGER, log: emptyLog, followers: 9 },
    {
      type: 'ask',
      term: 1,
      log: { sequence: 1, epochs: [{ term: Number.MAX_SAFE_INTEGER, master: NodeId.parse('b'), from: 1 }] },
    },
  ] satisfies Message[])('of its term in "$type" is named, and not believed', (message) => {
    const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
    let replica = startReplica(a, emptyLog, [a, b], monotonic(0))
    replica = step(replica, { kind: 'connected', peer: b }, monotonic(0)).replica
    const { replica: after, effects } = step(replica, { kind: 'message', from: b, message }, monotonic(10))
    expect(after).toEqual(replica)
    expect(effects).toEqual([
      { kind: 'distrust', peer: b, reason: expect.stringContaining('9007199254740991') as string },
    ])
  })

  it.each([
    [{ type: 'ask', term: 1, log: { sequence: 2 ** 50, epochs: [] } }, 'record 1125899906842624'],
    [{ type: 'follow', term: 1, log: { sequence: 3, epochs: [] }, stored: 7 }, 'record 7 of a log of 3'],
    [{ type: 'records', term: 1, after: 9, log: { sequence: 3, epochs: [] } }, 'record 9 of a log of 3'],
    [{ type: 'rewind', term: 1, after: 2 ** 50 }, 'record 1125899906842624'],
    [
      {
        type: 'lead',
        term: 1,
        log: { sequence: 3, epochs: [{ term: 1, master: NodeId.parse('b'), from: 4 }] },
        followers: 0,
      },
      'an epoch of term 1 at 4',
    ],
    [
      {
        ...{ type: 'snapshot', term: 2 },
        log: {
          sequence: 9,
          epochs: [
            { term: 2, master: NodeId.parse('b'), from: 1 },
            { term: 1, master: NodeId.parse('b'), from: 5 },
          ],
        },
      },
      'an epoch of term 1 at 5',
    ],
  ] satisfies [Message, string][])(
    'of records that no log can have is named, and not believed: %j',
    (message, reason) => {
      const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
      const replica = step(
        startReplica(a, emptyLog, [a, b], monotonic(0)),
        { kind: 'connected', peer: b },
        monotonic(0),
      ).replica
      const { replica: after, effects } = step(replica, { kind: 'message', from: b, message }, monotonic(10))
      expect(after).toEqual(replica)
      expect(effects).toEqual([{ kind: 'distrust', peer: b, reason: expect.stringContaining(reason) as string }])
    },
  )

  it('with very many epochs is still processed', () => {
    const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
    const epochs = Array.from({ length: 300_000 }, (_, at) => ({ term: at, master: b, from: at + 1 }))
    const replica = step(
      startReplica(a, emptyLog, [a, b], monotonic(0)),
      { kind: 'connected', peer: b },
      monotonic(0),
    ).replica
    const message: Message = { type: 'ask', term: 1, log: { sequence: epochs.length, epochs } }
    expect(() => step(replica, { kind: 'message', from: b, message }, monotonic(10))).not.toThrow()
  })
})

describe('two logs with more changes of the leader than one message describes', () => {
  const [a, b] = [NodeId.parse('a'), NodeId.parse('b')]
  const epochs = (count: number, last: NodeId) =>
    Array.from({ length: count }, (_, at) => ({ term: at + 1, master: at < 60 ? a : last, from: 10 * at + 1 }))
  const own = { sequence: 1000, epochs: epochs(100, a) }
  const others = { sequence: 700, epochs: epochs(70, b) }

  it('are compared from where they diverge, after asking for more epochs', () => {
    let leader = startReplica(a, own, [a, b], monotonic(0))
    let follower = startReplica(b, others, [a, b], monotonic(0))
    const give = (to: 'leader' | 'follower', input: Input) => {
      const { replica, effects } = step(to === 'leader' ? leader : follower, input, monotonic(10))
      if (to === 'leader') leader = replica
      else follower = replica
      return effects.flatMap((effect) => (effect.kind === 'send' ? effect.message : []))
    }
    give('leader', { kind: 'refused', peer: b })
    give('leader', { kind: 'written', log: leader.ordered })
    give('follower', { kind: 'connected', peer: a })
    const said: string[] = []
    let messages = give('leader', { kind: 'connected', peer: b })
    for (let turns = 0; messages.length > 0 && turns < 10; turns += 1) {
      const isLeaders = turns % 2 === 0
      said.push(...messages.map(({ type }) => type))
      messages = messages.flatMap((message) =>
        isLeaders
          ? give('follower', { kind: 'message', from: a, message })
          : give('leader', { kind: 'message', from: b, message }),
      )
      const rewind = messages.find(({ type }) => type === 'rewind')
      if (rewind) {
        expect(rewind).toMatchObject({ after: 600 })
        expect(said).toEqual(['lead', 'follow', 'probe', 'follow'])
        return
      }
    }
    throw new Error('nobody said where they parted')
  })
})

describe('a member whose disk refuses writes', () => {
  const [self, b, c] = ['a', 'b', 'c'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]
  const lead = (term: number): Message => ({ type: 'lead', term, log: emptyLog, followers: 1 })
  const take = (replica: Replica, now: number, ...inputs: readonly Input[]) =>
    inputs.reduce(
      ({ replica, effects }, input) => {
        const next = step(replica, input, monotonic(now))
        return { replica: next.replica, effects: [...effects, ...next.effects] }
      },
      { replica, effects: [] as readonly Effect[] },
    )
  const listening = take(
    startReplica(self, emptyLog, [self, b, c], monotonic(0)),
    1,
    { kind: 'connected', peer: b },
    { kind: 'connected', peer: c },
    { kind: 'leave', listens: true },
  ).replica

  it('knows the leader, has no vote and sends nothing', () => {
    const heard = take(listening, 10, { kind: 'message', from: b, message: lead(4) })
    expect(heardBy(heard.replica)).toEqual({ master: b, term: 4, heardAt: 10 })
    expect(masterOf(heard.replica)).toBeUndefined()
    expect(heard.replica.term).toBe(listening.term)
    const asked = take(heard.replica, 11, {
      kind: 'message',
      from: c,
      message: { type: 'ask', term: 4, log: emptyLog },
    })
    expect([...heard.effects, ...asked.effects]).toEqual([])
  })

  it('stays with the leader that it hears until that one is silent or another has a later term', () => {
    const heard = take(listening, 10, { kind: 'message', from: b, message: lead(4) }).replica
    const then = (now: number, ...inputs: readonly Input[]) => heardBy(take(heard, now, ...inputs).replica)?.master
    expect(then(20, { kind: 'message', from: c, message: lead(4) })).toBe(b)
    expect(then(20, { kind: 'message', from: c, message: lead(5) })).toBe(c)
    expect(then(10 + SILENCE_MS, { kind: 'tick' })).toBeUndefined()
    expect(then(20, { kind: 'disconnected', peer: b })).toBeUndefined()
  })
})
