import { describe, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import type { Check, DoctorReport, PairReport } from '@core/protocols/doctor'
import { doctorRows, verdict } from './doctor-rows'

const [a, b, c] = ['Studio', 'Pro', 'Mini'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]
const is = (state: Check['state'], code: string = state): Check => ({ state, code, reason: code })

const pair = (from: NodeId, to: NodeId, more: Partial<PairReport> = {}): PairReport => ({
  from,
  to,
  announced: is('yes'),
  tcpOut: is('yes'),
  tcpIn: is('yes'),
  tls: is('yes'),
  link: is('yes'),
  probe: is('yes'),
  latencyMs: 0.3,
  ...more,
})

const report = (pairs: readonly PairReport[], more: Partial<DoctorReport> = {}): DoctorReport => ({
  nodeId: a,
  members: [a, b, c].map((nodeId) => ({ nodeId, friendlyName: nodeId, answered: true })),
  pairs: [...pairs],
  nearby: [],
  findings: [],
  ...more,
})

describe('the rows of the doctor', () => {
  it('are one per pair, with the slower latency, those with problems first', () => {
    const rows = doctorRows(
      report([
        pair(a, b),
        pair(b, a, { latencyMs: 0.5 }),
        pair(a, c, { tcpOut: is('no', 'timed_out'), probe: is('no') }),
        pair(c, a, { tcpIn: is('no', 'timed_out') }),
        pair(b, c),
        pair(c, b),
      ]),
    )
    expect(rows.map((row) => [row.a, row.b, row.isBroken])).toEqual([
      [a, c, true],
      [a, b, false],
      [b, c, false],
    ])
    expect(rows[0]).toMatchObject({ tcpOut: { state: 'no' }, tcpIn: { state: 'yes' }, probe: { state: 'partly' } })
    expect(rows[1]?.probe).toEqual({ state: 'yes', text: '0.5 ms' })
  })

  it('use the answer of one machine if the other could not be asked', () => {
    const [row] = doctorRows(
      report([pair(a, b), pair(b, a, { tls: is('unknown'), announced: is('unknown'), tcpOut: is('unknown') })]),
    )
    expect(row).toMatchObject({ seen: { state: 'yes' }, tls: { state: 'yes' }, isBroken: false })
  })

  it('have the text of every check; that of the link from the machine that knows the reason', () => {
    const [row] = doctorRows(
      report([
        pair(a, b, { link: is('no', 'not_linked'), tls: is('unknown') }),
        pair(b, a, { link: is('no', 'not_member') }),
      ]),
    )
    expect(row?.reasons.map(({ what, check }) => `${what}: ${check.code}`)).toContain('Link: not_member')
    expect(row?.reasons).toHaveLength(9)
  })
})

it('have a summary in one sentence', () => {
  expect(verdict(report([]))).toEqual({ good: true, text: 'All 3 machines reach one another.' })
  const finding = { code: 'away', severity: 'problem', nodeIds: [b], what: '', why: '', todo: '' } as const
  expect(verdict(report([], { findings: [{ ...finding, nodeIds: [b] }] }))).toEqual({
    good: false,
    text: '1 problem found',
  })
})
