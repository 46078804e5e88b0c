import { describe, expect, it } from 'vitest'
import { NodeId } from '../ids'
import type { AddressCheck, OwnView, Seen } from '../protocols/doctor'
import type { Edge } from '../state/topology'
import type { Evidence } from './evidence'
import { coded } from '../texts/coded'
import { inEnglish } from '../texts/english'
import { judge } from './judge'

const [a, b, c] = ['Studio', 'Pro', 'Mini'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]

const OK: AddressCheck = { ip: '10.0.0.2', port: 52417, tcp: 'open', tls: 'ok' }
const DROPPED: AddressCheck = { ip: '10.0.0.2', port: 52417, tcp: 'timed_out' }
const REFUSED: AddressCheck = { ...DROPPED, tcp: 'refused' }

const sees = (nodeId: NodeId, more: Partial<Seen> = {}): Seen => ({
  nodeId,
  announced: true,
  checks: [OK],
  linked: true,
  calledHere: true,
  duplicated: false,
  ...more,
})
const misses = (nodeId: NodeId, more: Partial<Seen> = {}): Seen =>
  sees(nodeId, { linked: false, calledHere: false, announced: false, checks: [DROPPED], ...more })

const says = (seen: readonly Seen[], more: Partial<OwnView> = {}): OwnView => ({
  at: 0,
  version: '0.1.0',
  port: 52417,
  discovery: true,
  duplicated: false,
  seen: [...seen],
  ...more,
})

const edge = (from: NodeId, to: NodeId): Edge => ({
  from,
  to,
  ip: '10.0.0.2',
  port: 52417,
  interfaceType: 'ethernet',
  latencyMs: 0.4,
})
const between = (...nodes: NodeId[]): Edge[] =>
  nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => edge(from, to)))

const evidence = (
  views: Readonly<Record<string, OwnView>>,
  more: Partial<Omit<Evidence, 'views'>> & Pick<Evidence, 'members'>,
): Evidence => {
  const answered = new Map(Object.entries(views).map(([nodeId, view]) => [NodeId.parse(nodeId), view]))
  return {
    self: a,
    nameOf: (nodeId) => nodeId,
    views: answered,
    silent: new Map(
      more.members.filter((nodeId) => !answered.has(nodeId)).map((nodeId) => [nodeId, coded('doctor.silent.noLink')]),
    ),
    edges: between(...more.members),
    clocks: new Map(),
    nearby: [],
    ...more,
  }
}

/** Expects a code beside every English sentence, so that each language can say it. */
const expectAllCoded = (given: Evidence): void => {
  const { findings, pairs } = judge(given)
  for (const { what, why, todo, coded: codes } of findings)
    expect([codes?.what, codes?.why, codes?.todo].map((one) => one && inEnglish(one))).toEqual([what, why, todo])
  for (const { announced, tcpOut, tcpIn, tls, link, probe } of pairs)
    for (const check of [announced, tcpOut, tcpIn, tls, link, probe]) expect(check.coded).toBeDefined()
}

/** Findings as `code severity: machines`. */
const found = (given: Evidence): string[] =>
  judge(given).findings.map(({ code, severity, nodeIds }) => `${code} ${severity}: ${nodeIds.join(', ')}`)

describe('two machines that reach one another', () => {
  const healthy = evidence({ [a]: says([sees(b)]), [b]: says([sees(a)]) }, { members: [a, b] })

  it('pass every check in both directions, and nothing is found', () => {
    const { pairs, findings } = judge(healthy)
    expect(findings).toEqual([])
    expect(pairs.map(({ from, to }) => [from, to])).toEqual([
      [a, b],
      [b, a],
    ])
    for (const { announced, tcpOut, tcpIn, tls, link, probe, latencyMs } of pairs) {
      for (const check of [announced, tcpOut, tcpIn, tls, link, probe]) expect(check.state).toBe('yes')
      expect(latencyMs).toBe(0.4)
    }
  })

  it('are judged by the other one’s view if a machine could not be asked', () => {
    const given = evidence({ [a]: says([sees(b, { calledHere: true })]) }, { members: [a, b] })
    const [out, back] = judge(given).pairs
    expect(out).toMatchObject({ tcpIn: { state: 'yes', code: 'called' }, link: { state: 'yes' } })
    expect(back).toMatchObject({ tcpOut: { state: 'yes', code: 'called' }, tls: { state: 'unknown' } })
    expect(found(given)).toEqual([`not_asked notice: ${b}`])
  })
})

describe('two machines whose small packets pass and whose links fail', () => {
  const lastCall = { outcome: 'lost', reason: 'closed with 1006' } as const

  it('are told of the MTU, whether one of them or both could be asked', () => {
    const seen = { linked: false, lastCall }
    const members = [a, b, c]
    const linkedBy = [sees(a), sees(b)]
    const views = { [a]: says([sees(b, seen), sees(c)]), [b]: says([sees(a, seen), sees(c)]), [c]: says(linkedBy) }
    for (const given of [evidence({ [a]: says([sees(b, seen)]) }, { members: [a, b] }), evidence(views, { members })]) {
      const [finding] = judge(given).findings
      expect(finding).toMatchObject({ code: 'not_linked', todo: expect.stringContaining('MTU') as string })
    }
  })
})

describe('what the doctor finds', () => {
  const alone = (seen: Seen, more: Partial<Omit<Evidence, 'views' | 'members'>> = {}): Evidence =>
    evidence({ [a]: says([seen]) }, { members: [a, b], edges: [], ...more })

  it.each<[string, Evidence, string[]]>([
    ['a machine nobody hears or reaches is away', alone(misses(b)), ['away problem: Pro']],
    ['one of which no address is known is away too', alone(misses(b, { checks: [] })), ['away problem: Pro']],
    [
      'one that announces itself and answers nothing is behind a firewall, here or there',
      alone(misses(b, { announced: true })),
      ['firewall problem: Pro, Studio'],
    ],
    [
      'one that announces itself at addresses nobody can go to is on another network',
      alone(misses(b, { announced: true, checks: [{ ...DROPPED, tcp: 'unreachable' }] })),
      ['different_network problem: Pro'],
    ],
    [
      'one that refuses is on, but does not run Muster',
      alone(misses(b, { checks: [DROPPED, REFUSED] })),
      ['not_running problem: Pro'],
    ],
    [
      'one that accepts and then says nothing hangs',
      alone(misses(b, { announced: true, checks: [{ ...OK, tls: 'failed' }] })),
      ['tls_failed problem: Pro'],
    ],
    [
      'at its address there may be another machine',
      alone(misses(b, { checks: [{ ...OK, tls: 'other_machine' }] })),
      ['other_machine problem: Pro'],
    ],
    [
      'whoever was removed while it was away is told so at the door',
      alone(misses(b, { announced: true, checks: [OK], lastCall: { outcome: 'not_member', reason: 'hung up' } })),
      ['removed problem: Studio, Pro'],
    ],
    [
      'versions too far apart do not understand each other',
      alone(
        misses(b, { announced: true, checks: [OK], lastCall: { outcome: 'protocol', reason: 'protocols 3 to 4' } }),
      ),
      ['versions problem: Studio, Pro'],
    ],
    [
      'an identity can be up twice',
      alone(sees(b, { duplicated: true }), { edges: between(a, b) }),
      ['same_identity problem: Pro', 'not_asked notice: Pro'],
    ],
  ])('%s', (_, given, expected) => {
    expect(found(given)).toEqual(expected)
    expectAllCoded(given)
  })

  it('of two machines that do not understand each other, the one with the older version is to be updated', () => {
    const lastCall = { outcome: 'protocol', reason: 'protocols 3 to 4' } as const
    const tooOld: Partial<Seen> = { announced: true, checks: [OK], lastCall }
    const given = evidence(
      { [a]: says([misses(b, tooOld)], { version: '0.10.0' }), [b]: says([misses(a, tooOld)], { version: '0.9.0' }) },
      { members: [a, b] },
    )
    const { findings } = judge(given)
    expect(findings.map(({ code, todo }) => [code, todo])).toContainEqual([
      'versions',
      'Update Muster on Pro, which has the older version.',
    ])
    expectAllCoded(given)
  })

  it('a firewall that lets a machine call out but not be called, once, without the failing probes', () => {
    const given = evidence(
      {
        [a]: says([sees(b), sees(c, { checks: [DROPPED] })]),
        [b]: says([sees(a), sees(c, { checks: [DROPPED] })]),
        [c]: says([sees(a), sees(b)]),
      },
      { members: [a, b, c], edges: [...between(a, b), edge(c, a), edge(c, b)] },
    )
    expect(found(given)).toEqual(['firewall problem: Mini'])
    expect(judge(given).pairs.find(({ from, to }) => from === a && to === c)).toMatchObject({
      tcpOut: { state: 'no', code: 'timed_out' },
      tcpIn: { state: 'yes' },
      probe: { state: 'no' },
    })
  })

  it('probes that arrive in one direction only, or in none', () => {
    const views = { [a]: says([sees(b)]), [b]: says([sees(a)]) }
    const oneWay = evidence(views, { members: [a, b], edges: [edge(a, b)] })
    expect(found(oneWay)).toEqual(['one_way problem: Studio, Pro'])
    expect(found(evidence(views, { members: [a, b], edges: [] }))).toEqual(['no_probes problem: Studio, Pro'])
  })

  it('two machines that others reach, but that cannot reach one another', () => {
    const given = evidence(
      { [a]: says([sees(b), sees(c)]), [b]: says([sees(a), misses(c)]), [c]: says([sees(a), misses(b)]) },
      { members: [a, b, c], edges: [...between(a, b), ...between(a, c)] },
    )
    expect(found(given)).toEqual(['different_network problem: Pro, Mini'])
  })

  it('clocks that are off and announcements that no machine hears, as notices after the problems', () => {
    const given = evidence(
      {
        [a]: says([sees(b, { announced: false }), misses(c)]),
        [b]: says([sees(a), misses(c)]),
      },
      { members: [a, b, c], edges: between(a, b), clocks: new Map([[b, 300_000]]) },
    )
    expect(found(given)).toEqual(['away problem: Mini', 'clock notice: Pro', 'not_announced notice: Pro'])
    expect(judge(given).findings[1]?.what).toBe('The clock of Pro is 5 min ahead.')
  })

  it('nothing about announcements if discovery is off on either side', () => {
    const notAnnounced = { announced: false }
    const off = { discovery: false }
    const given = evidence(
      { [a]: says([sees(b, notAnnounced)], off), [b]: says([sees(a, notAnnounced)]) },
      { members: [a, b] },
    )
    expect(found(given)).toEqual([])
    expect(judge(given).pairs[0]?.announced.code).toBe('discovery_off')
  })
})

it('reports whether a nearby machine that is no member could be joined', () => {
  const stranger = NodeId.parse('Stranger')
  const given = evidence(
    { [a]: says([misses(stranger, { announced: true, checks: [OK] })]) },
    { members: [a], nearby: [{ nodeId: stranger, clusterId: 'other', version: '0.1.0' }] },
  )
  expect(judge(given).nearby).toEqual([
    expect.objectContaining({
      nodeId: stranger,
      tcpOut: expect.objectContaining({ state: 'yes' }) as unknown,
      tls: expect.objectContaining({ state: 'yes' }) as unknown,
    }),
  ])
})
