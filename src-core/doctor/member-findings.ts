import type { NodeId } from '../ids'
import type { Finding } from '../protocols/doctor'
import { clockDifference } from '../time/clock-difference'
import { CLOCK_OFF_MS } from '../time/peer-clocks'
import { clauses, coded, type ListValue } from '../texts/coded'
import { tcpOf, tlsOf } from './checks'
import { areLinked, seenBy, type Evidence } from './evidence'
import { finding } from './finding'

const portOf = (evidence: Evidence, nodeId: NodeId): ListValue => {
  const port =
    evidence.views.get(nodeId)?.port ??
    [...evidence.views.values()].flatMap(({ seen }) => seen.filter((one) => one.nodeId === nodeId))[0]?.checks[0]?.port
  const isKnown = port !== undefined && port !== 0
  return clauses(isKnown ? coded('doctor.port', { port: String(port) }) : coded('doctor.unknownPort'))
}

/** Explains why no machine that answered has a link to a member. */
const unreached = (evidence: Evidence, to: NodeId): Finding => {
  const { nameOf, self, views } = evidence
  const [name, selfName] = [nameOf(to), nameOf(self)]
  const port = portOf(evidence, to)
  const tried = [...views.keys()].flatMap((from) => seenBy(evidence, from, to) ?? [])
  const checks = tried.flatMap((seen) => seen.checks)
  const [reach, proof] = [tcpOf(checks), tlsOf(checks)]
  const isHeard = tried.some(({ announced }) => announced)
  const nodeIds = [to]
  if (reach.state === 'yes') {
    switch (proof.code) {
      case 'tls_failed':
        return finding(
          { code: 'tls_failed', nodeIds },
          {
            what: coded('doctor.hangs.what', { name }),
            why: coded('doctor.hangs.why'),
            todo: coded('doctor.hangs.todo', { name }),
          },
        )
      case 'other_machine':
        return finding(
          { code: 'other_machine', nodeIds },
          {
            what: coded('doctor.replaced.what', { name }),
            why: coded('doctor.replaced.why'),
            todo: coded('doctor.replaced.todo', { name }),
          },
        )
      default:
        return finding(
          { code: 'not_linked', nodeIds },
          {
            what: coded('doctor.unlinked.what', { name }),
            why: coded('doctor.unlinked.why'),
            todo: coded('doctor.unlinked.todo'),
          },
        )
    }
  }
  if (reach.code === 'refused')
    return finding(
      { code: 'not_running', nodeIds },
      {
        what: coded('doctor.notRunning.what', { name }),
        why: coded('doctor.notRunning.why', { port }),
        todo: coded('doctor.notRunning.todo', { name }),
      },
    )
  if (isHeard && reach.code === 'timed_out')
    return finding(
      { code: 'firewall', nodeIds: [to, self] },
      {
        what: coded('doctor.walled.what', { a: selfName, b: name }),
        why: coded('doctor.walled.why', { name, port }),
        todo: coded('doctor.todo.firewalls', { a: name, b: selfName, port }),
      },
    )
  if (isHeard)
    return finding(
      { code: 'different_network', nodeIds },
      {
        what: coded('doctor.elsewhere.what', { name }),
        why: coded('doctor.elsewhere.why'),
        todo: coded('doctor.elsewhere.todo', { a: name, b: selfName }),
      },
    )
  return finding(
    { code: 'away', nodeIds },
    {
      what: coded('doctor.away.what', { name }),
      why: coded('doctor.away.why'),
      todo: coded('doctor.away.todo', { name }),
    },
  )
}

/** Finds a member that connects to others but accepts no connections. */
const blocksIncoming = (evidence: Evidence, to: NodeId): Finding | undefined => {
  const callers = [...evidence.views.keys()].filter((from) => areLinked(evidence, from, to) === true)
  const checks = callers.flatMap((from) => seenBy(evidence, from, to)?.checks ?? [])
  if (checks.length === 0 || checks.some(({ tcp }) => tcp === 'open')) return undefined
  if (tcpOf(checks).code !== 'timed_out') return undefined
  const [name, port] = [evidence.nameOf(to), portOf(evidence, to)]
  return finding(
    { code: 'firewall', nodeIds: [to] },
    {
      what: coded('doctor.keepsOut.what', { name }),
      why: coded('doctor.keepsOut.why', { name, port }),
      todo: coded('doctor.todo.firewall', { name, port }),
    },
  )
}

const sameIdentity = (evidence: Evidence, nodeId: NodeId): Finding | undefined => {
  const isDuplicated = [...evidence.views].some(
    ([from, view]) => (from === nodeId && view.duplicated) || seenBy(evidence, from, nodeId)?.duplicated === true,
  )
  if (!isDuplicated) return undefined
  return finding(
    { code: 'same_identity', nodeIds: [nodeId] },
    {
      what: coded('doctor.twice.what', { name: evidence.nameOf(nodeId) }),
      why: coded('doctor.twice.why'),
      todo: coded('doctor.twice.todo'),
    },
  )
}

const clock = ({ clocks, nameOf }: Evidence, nodeId: NodeId): Finding | undefined => {
  const off = clocks.get(nodeId) ?? 0
  if (Math.abs(off) < CLOCK_OFF_MS) return undefined
  const name = nameOf(nodeId)
  const much = { name, ...clockDifference(off) }
  return finding(
    { code: 'clock', severity: 'notice', nodeIds: [nodeId] },
    {
      what: off > 0 ? coded('doctor.clock.ahead', much) : coded('doctor.clock.behind', much),
      why: coded('doctor.clock.why'),
      todo: coded('doctor.clock.todo', { name }),
    },
  )
}

const notAnnounced = (evidence: Evidence, nodeId: NodeId): Finding | undefined => {
  const { views, nameOf } = evidence
  if (views.get(nodeId)?.discovery !== true) return undefined
  const hearers = [...views].filter(([from, { discovery }]) => from !== nodeId && discovery)
  if (hearers.length === 0 || hearers.some(([from]) => seenBy(evidence, from, nodeId)?.announced === true))
    return undefined
  return finding(
    { code: 'not_announced', severity: 'notice', nodeIds: [nodeId] },
    {
      what: coded('doctor.unheard.what', { name: nameOf(nodeId) }),
      why: coded('doctor.unheard.why'),
      todo: coded('doctor.unheard.todo'),
    },
  )
}

const notAsked = ({ silent, nameOf }: Evidence, nodeId: NodeId, isLinked: boolean): Finding | undefined => {
  const reason = silent.get(nodeId)
  if (reason === undefined || !isLinked) return undefined
  return finding(
    { code: 'not_asked', severity: 'notice', nodeIds: [nodeId] },
    {
      what: coded('doctor.silent.what', { name: nameOf(nodeId) }),
      why: coded('doctor.silent.why', { reason: clauses(reason) }),
      todo: coded('doctor.silent.todo'),
    },
  )
}

/**
 * Returns the findings about one member. `isUnreached`: that it cannot be reached explains the failing checks of its
 * pairs.
 */
export const memberFindings = (
  evidence: Evidence,
  nodeId: NodeId,
): { readonly findings: readonly Finding[]; readonly isUnreached: boolean } => {
  const others = evidence.members.filter((other) => other !== nodeId)
  const isLinked = others.some((other) => areLinked(evidence, other, nodeId) === true)
  const isExplainedByPair = others.some((other) =>
    [seenBy(evidence, other, nodeId), seenBy(evidence, nodeId, other)].some(
      (seen) => seen?.lastCall && ['not_member', 'protocol', 'same_identity'].includes(seen.lastCall.outcome),
    ),
  )
  const isUnreached = !isLinked && !evidence.views.has(nodeId)
  const findings = [
    isUnreached && !isExplainedByPair ? unreached(evidence, nodeId) : undefined,
    blocksIncoming(evidence, nodeId),
    sameIdentity(evidence, nodeId),
    clock(evidence, nodeId),
    isLinked ? notAnnounced(evidence, nodeId) : undefined,
    notAsked(evidence, nodeId, isLinked),
  ]
  return { findings: findings.filter((one) => one !== undefined), isUnreached }
}
