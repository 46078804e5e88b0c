import type { NodeId } from '../ids'
import { compareVersions } from '../identity/version'
import type { CallOutcome, Finding } from '../protocols/doctor'
import { coded, commas } from '../texts/coded'
import { checkPair } from './checks'
import { areLinked, seenBy, type Evidence } from './evidence'
import { finding } from './finding'

const outcome = (evidence: Evidence, from: NodeId, to: NodeId): CallOutcome | undefined =>
  seenBy(evidence, from, to)?.lastCall?.outcome

const removed = ({ nameOf }: Evidence, from: NodeId, to: NodeId): Finding => {
  const [a, b] = [nameOf(from), nameOf(to)]
  return finding(
    { code: 'removed', nodeIds: [from, to] },
    {
      what: coded('doctor.removed.what', { a, b }),
      why: coded('doctor.removed.why', { a }),
      todo: coded('doctor.removed.todo', { a }),
    },
  )
}

const versions = ({ nameOf, views }: Evidence, from: NodeId, to: NodeId): Finding => {
  const versionTexts = [from, to].flatMap((nodeId) => {
    const version = views.get(nodeId)?.version
    return version === undefined ? [] : [coded('doctor.versions.of', { name: nameOf(nodeId), version })]
  })
  const [here, there] = [views.get(from)?.version, views.get(to)?.version]
  const order = here === undefined || there === undefined ? 0 : compareVersions(here, there)
  const older = order === 0 ? undefined : order < 0 ? from : to
  return finding(
    { code: 'versions', nodeIds: [from, to] },
    {
      what: coded('doctor.versions.what', { a: nameOf(from), b: nameOf(to) }),
      why:
        versionTexts.length > 0
          ? coded('doctor.versions.whyKnown', { versions: commas(versionTexts) })
          : coded('doctor.versions.why'),
      todo:
        older === undefined
          ? coded('doctor.versions.todo')
          : coded('doctor.versions.todoOlder', { name: nameOf(older) }),
    },
  )
}

const disconnected = (evidence: Evidence, from: NodeId, to: NodeId): Finding => {
  const { nameOf } = evidence
  const names = { a: nameOf(from), b: nameOf(to) }
  const nodeIds = [from, to]
  const { tcpOut, tcpIn } = checkPair(evidence, from, to)
  if (tcpOut.state === 'yes' || tcpIn.state === 'yes')
    return finding(
      { code: 'not_linked', nodeIds },
      {
        what: coded('doctor.unconnected.what', names),
        why: coded('doctor.unconnected.why'),
        todo: coded('doctor.unconnected.todo'),
      },
    )
  return finding(
    { code: 'different_network', nodeIds },
    {
      what: coded('doctor.apart.what', names),
      why: coded('doctor.apart.why'),
      todo: coded('doctor.apart.todo', names),
    },
  )
}

/** Finds linked pairs whose probes fail in at least one direction. */
const missingProbes = (evidence: Evidence, from: NodeId, to: NodeId): Finding | undefined => {
  const { nameOf } = evidence
  const [out, back] = [checkPair(evidence, from, to).probe, checkPair(evidence, to, from).probe]
  if (out.state === 'yes' && back.state === 'yes') return undefined
  if (out.state !== 'yes' && back.state !== 'yes')
    return finding(
      { code: 'no_probes', nodeIds: [from, to] },
      {
        what: coded('doctor.unprobed.what', { a: nameOf(from), b: nameOf(to) }),
        why: coded('doctor.unprobed.why'),
        todo: coded('doctor.unprobed.todo'),
      },
    )
  const [prober, deaf] = out.state === 'yes' ? [to, from] : [from, to]
  const name = nameOf(deaf)
  return finding(
    { code: 'one_way', nodeIds: [deaf, prober] },
    {
      what: coded('doctor.oneWay.what', { a: nameOf(prober), b: name }),
      why: coded('doctor.oneWay.why', { name }),
      todo: coded('doctor.oneWay.todo', { name }),
    },
  )
}

/** Returns the findings about two members. */
export const pairFindings = (evidence: Evidence, a: NodeId, b: NodeId): readonly Finding[] => {
  if (areLinked(evidence, a, b) === true) {
    const found = missingProbes(evidence, a, b)
    return found ? [found] : []
  }
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    switch (outcome(evidence, from, to)) {
      case 'not_member':
        return [removed(evidence, from, to)]
      case 'protocol':
        return [versions(evidence, from, to)]
      // Reported for the machine itself.
      case 'same_identity':
        return []
      case 'no_address':
      case 'unreachable':
      case 'refused':
      case 'timed_out':
      case 'tls':
      case 'other_machine':
      case 'lost':
      case undefined:
        break
    }
  }
  return areLinked(evidence, a, b) === false ? [disconnected(evidence, a, b)] : []
}
