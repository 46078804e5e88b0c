import type { NodeId } from '../ids'
import type { AddressCheck, Check, NearbyReport, PairReport } from '../protocols/doctor'
import { isSocketEdge } from '../state/topology'
import { areLinked, seenBy, type Evidence } from './evidence'

const yes = (code: string, reason: string): Check => ({ state: 'yes', code, reason })
const no = (code: string, reason: string): Check => ({ state: 'no', code, reason })
const unknown = (code: string, reason: string): Check => ({ state: 'unknown', code, reason })

/** Failures of TCP connections, most informative first. */
const TCP_FAILURES = ['refused', 'timed_out', 'unreachable'] as const

const REASONS: Readonly<Record<(typeof TCP_FAILURES)[number], string>> = {
  refused: 'It refuses the connection: nothing listens on that port there.',
  timed_out: 'Nothing comes back: a firewall, or a machine that is off.',
  unreachable: 'This machine knows no way to that network.',
}

const addressed = ({ ip, port }: AddressCheck): string => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`

/** Whether any of these addresses accepts connections. */
export const tcpOf = (checks: readonly AddressCheck[]): Check => {
  const open = checks.find(({ tcp }) => tcp === 'open')
  if (open) return yes('open', `It answers at ${addressed(open)}.`)
  for (const tcp of TCP_FAILURES) {
    const tried = checks.filter((check) => check.tcp === tcp)
    if (tried.length > 0) return no(tcp, `${REASONS[tcp]} Tried: ${tried.map(addressed).join(', ')}.`)
  }
  return no('no_address', 'No address of it is known.')
}

/** Whether the peer there proves the expected identity. */
export const tlsOf = (checks: readonly AddressCheck[]): Check => {
  if (checks.some(({ tls }) => tls === 'ok')) return yes('proved', 'It has proved its identity.')
  if (checks.some(({ tls }) => tls === 'failed'))
    return no('tls_failed', 'Something answers there, but does not complete an encrypted connection.')
  if (checks.some(({ tls }) => tls === 'other_machine'))
    return no('other_machine', 'Another machine answers at that address.')
  return unknown('no_connection', 'There is no connection to check it over.')
}

const announced = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  if (!seen) return unknown('not_asked', `${evidence.nameOf(from)} could not be asked.`)
  if (seen.announced) return yes('announced', `It announces itself where ${evidence.nameOf(from)} hears it.`)
  return evidence.views.get(from)?.discovery === false
    ? no('discovery_off', `${evidence.nameOf(from)} does not listen: discovery is off there.`)
    : no('not_announced', `${evidence.nameOf(from)} hears no announcement of it.`)
}

const tcp = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  if (seen) return tcpOf(seen.checks)
  // A machine that cannot be asked is known to connect if it has called the other one.
  if (seenBy(evidence, to, from)?.calledHere === true) return yes('called', 'It has connected before.')
  return unknown('not_asked', `${evidence.nameOf(from)} could not be asked.`)
}

const tls = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  return seen ? tlsOf(seen.checks) : unknown('not_asked', `${evidence.nameOf(from)} could not be asked.`)
}

const link = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const linked = areLinked(evidence, from, to)
  if (linked === undefined) return unknown('not_asked', 'Neither of the two could be asked.')
  if (linked) return yes('linked', 'They are connected.')
  const last = seenBy(evidence, from, to)?.lastCall
  return last ? no(last.outcome, last.reason) : no('not_linked', 'They are not connected.')
}

/** Returns the checks from one machine to another. */
export const checkPair = (evidence: Evidence, from: NodeId, to: NodeId): PairReport => {
  const ways = evidence.edges.filter((edge) => isSocketEdge(edge) && edge.from === from && edge.to === to)
  const latencies = ways.flatMap((edge) => (isSocketEdge(edge) && edge.latencyMs !== undefined ? [edge.latencyMs] : []))
  return {
    from,
    to,
    announced: announced(evidence, from, to),
    tcpOut: tcp(evidence, from, to),
    tcpIn: tcp(evidence, to, from),
    tls: tls(evidence, from, to),
    link: link(evidence, from, to),
    probe:
      ways.length > 0
        ? yes('answered', 'Its probes are answered.')
        : no('unanswered', 'No probe of it has been answered lately.'),
    ...(latencies.length > 0 && { latencyMs: Math.min(...latencies) }),
  }
}

/** Returns what this machine sees of a nearby machine that is no member. */
export const checkNearby = (evidence: Evidence, near: Evidence['nearby'][number]): NearbyReport => {
  const checks = seenBy(evidence, evidence.self, near.nodeId)?.checks ?? []
  return { ...near, tcpOut: tcpOf(checks), tls: tlsOf(checks) }
}
