import type { NodeId } from '../ids'
import type { AddressCheck, CallOutcome, Check, LastCall, NearbyReport, PairReport } from '../protocols/doctor'
import { isSocketEdge } from '../state/topology'
import { coded, commas, type CodedText, type ListValue } from '../texts/coded'
import { inEnglish } from '../texts/english'
import { areLinked, seenBy, type Evidence } from './evidence'

const check = (state: Check['state'], code: string, sentence: CodedText): Check => ({
  state,
  code,
  reason: inEnglish(sentence),
  coded: sentence,
})
const yes = (code: string, sentence: CodedText): Check => check('yes', code, sentence)
const no = (code: string, sentence: CodedText): Check => check('no', code, sentence)
const unknown = (code: string, sentence: CodedText): Check => check('unknown', code, sentence)

/** Failures of TCP connections, most informative first. */
const TCP_FAILURES = ['refused', 'timed_out', 'unreachable'] as const

const unanswered = (tcp: (typeof TCP_FAILURES)[number], addresses: ListValue): CodedText => {
  switch (tcp) {
    case 'refused':
      return coded('doctor.reach.refused', { addresses })
    case 'timed_out':
      return coded('doctor.reach.timedOut', { addresses })
    case 'unreachable':
      return coded('doctor.reach.unreachable', { addresses })
  }
}

/** Says how the last call ended, with the caller's own words if the outcome alone says too little. */
const callEnd = (outcome: CallOutcome, detail: string): CodedText => {
  switch (outcome) {
    case 'no_address':
      return coded('doctor.reach.noAddress')
    case 'unreachable':
      return coded('doctor.link.unreachable')
    case 'refused':
      return coded('doctor.link.refused')
    case 'timed_out':
      return coded('doctor.link.timedOut')
    case 'tls':
      return coded('doctor.link.tls', { detail })
    case 'other_machine':
      return coded('doctor.link.otherMachine')
    case 'not_member':
      return coded('doctor.link.notMember')
    case 'protocol':
      return coded('doctor.link.protocol', { detail })
    case 'same_identity':
      return coded('doctor.link.sameIdentity')
    case 'lost':
      return coded('doctor.link.lost', { detail })
  }
}

/** The failed last call: the caller's own English reason, and its outcome as a code. */
const called = ({ outcome, reason }: LastCall): Check => ({
  state: 'no',
  code: outcome,
  reason,
  coded: callEnd(outcome, reason),
})

const notAsked = ({ nameOf }: Evidence, nodeId: NodeId): Check =>
  unknown('not_asked', coded('doctor.notAsked', { name: nameOf(nodeId) }))

const addressed = ({ ip, port }: AddressCheck): string => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`

/** Whether any of these addresses accepts connections. */
export const tcpOf = (checks: readonly AddressCheck[]): Check => {
  const open = checks.find(({ tcp }) => tcp === 'open')
  if (open) return yes('open', coded('doctor.reach.open', { address: addressed(open) }))
  for (const tcp of TCP_FAILURES) {
    const tried = checks.filter((check) => check.tcp === tcp)
    if (tried.length > 0) return no(tcp, unanswered(tcp, commas(tried.map(addressed))))
  }
  return no('no_address', coded('doctor.reach.noAddress'))
}

/** Whether the peer there proves the expected identity. */
export const tlsOf = (checks: readonly AddressCheck[]): Check => {
  if (checks.some(({ tls }) => tls === 'ok')) return yes('proved', coded('doctor.proof.proved'))
  if (checks.some(({ tls }) => tls === 'failed')) return no('tls_failed', coded('doctor.proof.failed'))
  if (checks.some(({ tls }) => tls === 'other_machine')) return no('other_machine', coded('doctor.proof.otherMachine'))
  return unknown('no_connection', coded('doctor.proof.noConnection'))
}

const announced = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  if (!seen) return notAsked(evidence, from)
  const name = evidence.nameOf(from)
  if (seen.announced) return yes('announced', coded('doctor.heard.yes', { name }))
  return evidence.views.get(from)?.discovery === false
    ? no('discovery_off', coded('doctor.heard.off', { name }))
    : no('not_announced', coded('doctor.heard.no', { name }))
}

const tcp = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  if (seen) return tcpOf(seen.checks)
  // A machine that cannot be asked is known to connect if it has called the other one.
  if (seenBy(evidence, to, from)?.calledHere === true) return yes('called', coded('doctor.reach.called'))
  return notAsked(evidence, from)
}

const tls = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const seen = seenBy(evidence, from, to)
  return seen ? tlsOf(seen.checks) : notAsked(evidence, from)
}

const link = (evidence: Evidence, from: NodeId, to: NodeId): Check => {
  const linked = areLinked(evidence, from, to)
  if (linked === undefined) return unknown('not_asked', coded('doctor.neitherAsked'))
  if (linked) return yes('linked', coded('doctor.link.linked'))
  const last = seenBy(evidence, from, to)?.lastCall
  return last ? called(last) : no('not_linked', coded('doctor.link.not'))
}

/** Returns the checks from one machine to another. */
export const checkPair = (evidence: Evidence, from: NodeId, to: NodeId): PairReport => {
  const socketEdges = evidence.edges.filter((edge) => isSocketEdge(edge) && edge.from === from && edge.to === to)
  const latencies = socketEdges.flatMap((edge) =>
    isSocketEdge(edge) && edge.latencyMs !== undefined ? [edge.latencyMs] : [],
  )
  return {
    from,
    to,
    announced: announced(evidence, from, to),
    tcpOut: tcp(evidence, from, to),
    tcpIn: tcp(evidence, to, from),
    tls: tls(evidence, from, to),
    link: link(evidence, from, to),
    probe:
      socketEdges.length > 0
        ? yes('answered', coded('doctor.probe.answered'))
        : no('unanswered', coded('doctor.probe.unanswered')),
    ...(latencies.length > 0 && { latencyMs: Math.min(...latencies) }),
  }
}

/** Returns what this machine sees of a nearby machine that is no member. */
export const checkNearby = (evidence: Evidence, near: Evidence['nearby'][number]): NearbyReport => {
  const checks = seenBy(evidence, evidence.self, near.nodeId)?.checks ?? []
  return { ...near, tcpOut: tcpOf(checks), tls: tlsOf(checks) }
}
