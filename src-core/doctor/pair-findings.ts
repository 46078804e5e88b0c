import type { NodeId } from '../ids'
import type { CallOutcome, Finding } from '../protocols/doctor'
import { checkPair } from './checks'
import { areLinked, seenBy, type Evidence } from './evidence'

const outcome = (evidence: Evidence, from: NodeId, to: NodeId): CallOutcome | undefined =>
  seenBy(evidence, from, to)?.lastCall?.outcome

const removed = ({ nameOf }: Evidence, from: NodeId, to: NodeId): Finding => ({
  code: 'removed',
  severity: 'problem',
  nodeIds: [from, to],
  what: `${nameOf(to)} does not count ${nameOf(from)} as a member.`,
  why: `${nameOf(from)} was removed from the cluster while it was away, and has not heard of it.`,
  todo: `On ${nameOf(from)}, leave the cluster, then join it again.`,
})

const versions = ({ nameOf, views }: Evidence, from: NodeId, to: NodeId): Finding => {
  const versionTexts = [from, to].flatMap((nodeId) => {
    const version = views.get(nodeId)?.version
    return version === undefined ? [] : [`${nameOf(nodeId)} has ${version}`]
  })
  return {
    code: 'versions',
    severity: 'problem',
    nodeIds: [from, to],
    what: `${nameOf(from)} and ${nameOf(to)} do not understand each other.`,
    why: `Their versions of Muster are too far apart${versionTexts.length > 0 ? `: ${versionTexts.join(', ')}` : ''}.`,
    todo: 'Update Muster on both to the same version.',
  }
}

const disconnected = (evidence: Evidence, from: NodeId, to: NodeId): Finding => {
  const { nameOf } = evidence
  const [a, b] = [nameOf(from), nameOf(to)]
  const about = { severity: 'problem' as const, nodeIds: [from, to] }
  const { tcpOut, tcpIn } = checkPair(evidence, from, to)
  if (tcpOut.state === 'yes' || tcpIn.state === 'yes')
    return {
      ...about,
      code: 'not_linked',
      what: `${a} and ${b} answer each other, but are not connected.`,
      why: 'One of them may just have started.',
      todo: 'Look again in a few seconds. If it stays so, restart Muster on both.',
    }
  return {
    ...about,
    code: 'different_network',
    what: `There is no way between ${a} and ${b}.`,
    why: 'Other machines reach both of them: the two are on different networks, or the network keeps its clients apart.',
    todo: `Put ${a} and ${b} on one network, join them with a Thunderbolt or Ethernet cable, or turn off client isolation in the router.`,
  }
}

/** Finds linked pairs whose probes fail in at least one direction. */
const missingProbes = (evidence: Evidence, from: NodeId, to: NodeId): Finding | undefined => {
  const { nameOf } = evidence
  const [out, back] = [checkPair(evidence, from, to).probe, checkPair(evidence, to, from).probe]
  if (out.state === 'yes' && back.state === 'yes') return undefined
  if (out.state !== 'yes' && back.state !== 'yes')
    return {
      code: 'no_probes',
      severity: 'problem',
      nodeIds: [from, to],
      what: `${nameOf(from)} and ${nameOf(to)} are connected, but do not answer each other’s probes.`,
      why: 'Probes are small UDP packets; a firewall drops them. Without them no model is shared out over the two.',
      todo: 'On both machines, let Muster accept incoming connections over UDP as well, on the same port.',
    }
  const [prober, deaf] = out.state === 'yes' ? [to, from] : [from, to]
  return {
    code: 'one_way',
    severity: 'problem',
    nodeIds: [deaf, prober],
    what: `${nameOf(prober)} does not reach ${nameOf(deaf)}; the other way round it works.`,
    why: `A firewall on ${nameOf(deaf)} drops what comes in by itself. A model over both needs both directions.`,
    todo: `On ${nameOf(deaf)}, let Muster accept incoming connections, over TCP and UDP.`,
  }
}

/** Returns the findings about two members. */
export const pairFindings = (evidence: Evidence, a: NodeId, b: NodeId): readonly Finding[] => {
  if (areLinked(evidence, a, b) === true) {
    const finding = missingProbes(evidence, a, b)
    return finding ? [finding] : []
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
