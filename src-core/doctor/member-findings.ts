import type { NodeId } from '../ids'
import type { Finding } from '../protocols/doctor'
import { tcpOf, tlsOf } from './checks'
import { areLinked, seenBy, type Evidence } from './evidence'

/** A clock off by more shows confusing times and can invalidate certificates. */
const CLOCK_OFF_MS = 30_000

const portOf = (evidence: Evidence, nodeId: NodeId): string => {
  const port =
    evidence.views.get(nodeId)?.port ??
    [...evidence.views.values()].flatMap(({ seen }) => seen.filter((one) => one.nodeId === nodeId))[0]?.checks[0]?.port
  return port === undefined || port === 0 ? 'its port' : `port ${port}`
}

const openFirewall = (names: string, port: string): string =>
  `On ${names}, let Muster accept incoming connections (${port}, TCP and UDP). On a Mac: System Settings → Network → Firewall → Options.`

/** Explains why no machine that answered has a link to a member. */
const unreached = (evidence: Evidence, to: NodeId): Finding => {
  const { nameOf, self, views } = evidence
  const name = nameOf(to)
  const port = portOf(evidence, to)
  const tried = [...views.keys()].flatMap((from) => seenBy(evidence, from, to) ?? [])
  const checks = tried.flatMap((seen) => seen.checks)
  const [reach, proof] = [tcpOf(checks), tlsOf(checks)]
  const isHeard = tried.some(({ announced }) => announced)
  const about = { severity: 'problem' as const, nodeIds: [to] }
  if (reach.state === 'yes') {
    switch (proof.code) {
      case 'tls_failed':
        return {
          ...about,
          code: 'tls_failed',
          what: `${name} accepts connections but does not answer.`,
          why: 'The machine is on, but Muster hangs there, or another program has taken its port.',
          todo: `On ${name}, quit Muster and start it again. If it does not come up, restart the machine.`,
        }
      case 'other_machine':
        return {
          ...about,
          code: 'other_machine',
          what: `Another machine answers where ${name} was.`,
          why: 'Its address has changed and was given to somebody else, or its data folder was replaced.',
          todo: `Check that Muster runs on ${name} and is on this network; it is then found by itself. If it was set up anew, remove it here and let it join again.`,
        }
      default:
        return {
          ...about,
          code: 'not_linked',
          what: `${name} answers, but there is no link to it.`,
          why: 'It may just have started, or it is shutting down.',
          todo: 'Look again in a few seconds. If it stays so, restart Muster on both machines.',
        }
    }
  }
  if (reach.code === 'refused')
    return {
      ...about,
      code: 'not_running',
      what: `Muster does not run on ${name}.`,
      why: `The machine is on, but refuses connections on ${port}.`,
      todo: `Start Muster on ${name}. If it runs there with another port, look it up there and give its address here.`,
    }
  if (isHeard && reach.code === 'timed_out')
    return {
      ...about,
      code: 'firewall',
      nodeIds: [to, self],
      what: `A firewall keeps ${nameOf(self)} and ${name} apart.`,
      why: `${name} announces itself on this network, but nothing comes back from ${port} there, and it does not get through to here either.`,
      todo: openFirewall(`${name} and on ${nameOf(self)}`, port),
    }
  if (isHeard)
    return {
      ...about,
      code: 'different_network',
      what: `${name} cannot be reached.`,
      why: 'It announces itself here, but at addresses of a network that this machine is not on.',
      todo: `Put ${name} and ${nameOf(self)} on one network, or join them with a Thunderbolt or Ethernet cable.`,
    }
  return {
    ...about,
    code: 'away',
    what: `${name} is away.`,
    why: 'No machine hears it or gets an answer from it: it is off, asleep, or on another network.',
    todo: `Wake ${name} and check that Muster runs there. If it is on another network, bring both onto one, or start Muster here with \`--peer\` and its address.`,
  }
}

/** Finds a member that connects to others but accepts no connections. */
const blocksIncoming = (evidence: Evidence, to: NodeId): Finding | undefined => {
  const callers = [...evidence.views.keys()].filter((from) => areLinked(evidence, from, to) === true)
  const checks = callers.flatMap((from) => seenBy(evidence, from, to)?.checks ?? [])
  if (checks.length === 0 || checks.some(({ tcp }) => tcp === 'open')) return undefined
  if (tcpOf(checks).code !== 'timed_out') return undefined
  const port = portOf(evidence, to)
  const name = evidence.nameOf(to)
  return {
    code: 'firewall',
    severity: 'problem',
    nodeIds: [to],
    what: `A firewall on ${name} keeps other machines out.`,
    why: `${name} is connected because it called itself; nothing comes back from ${port} there. A model over several machines needs both directions.`,
    todo: openFirewall(name, port),
  }
}

const sameIdentity = (evidence: Evidence, nodeId: NodeId): Finding | undefined => {
  const isDuplicated = [...evidence.views].some(
    ([from, view]) => (from === nodeId && view.duplicated) || seenBy(evidence, from, nodeId)?.duplicated === true,
  )
  if (!isDuplicated) return undefined
  const name = evidence.nameOf(nodeId)
  return {
    code: 'same_identity',
    severity: 'problem',
    nodeIds: [nodeId],
    what: `Two machines are up with the identity of ${name}.`,
    why: 'A data folder was copied from one machine to another, or restored from a backup while the first goes on.',
    todo: `On the copy, quit Muster, run \`muster new-identity\`, and start Muster again: it is then a new machine, which can join.`,
  }
}

const clock = ({ clocks, nameOf }: Evidence, nodeId: NodeId): Finding | undefined => {
  const off = clocks.get(nodeId) ?? 0
  if (Math.abs(off) < CLOCK_OFF_MS) return undefined
  const minutes = Math.round(Math.abs(off) / 60_000)
  const much = minutes < 1 ? `${Math.round(Math.abs(off) / 1000)} s` : `${minutes} min`
  return {
    code: 'clock',
    severity: 'notice',
    nodeIds: [nodeId],
    what: `The clock of ${nameOf(nodeId)} is ${much} ${off > 0 ? 'ahead' : 'behind'}.`,
    why: 'Times in the history are those of the machine that leads, and would jump when another one does.',
    todo: `On ${nameOf(nodeId)}, let the date and time be set automatically (System Settings → General → Date & Time).`,
  }
}

const notAnnounced = (evidence: Evidence, nodeId: NodeId): Finding | undefined => {
  const { views, nameOf } = evidence
  if (views.get(nodeId)?.discovery !== true) return undefined
  const hearers = [...views].filter(([from, { discovery }]) => from !== nodeId && discovery)
  if (hearers.length === 0 || hearers.some(([from]) => seenBy(evidence, from, nodeId)?.announced === true))
    return undefined
  return {
    code: 'not_announced',
    severity: 'notice',
    nodeIds: [nodeId],
    what: `Nobody hears the announcements of ${nameOf(nodeId)}.`,
    why: 'It is connected by an address that is known. If that changes, it is not found by itself: something on the network keeps multicast back.',
    todo: 'In the router, turn off client isolation and allow multicast (mDNS); on a Mac, allow Muster in Privacy & Security → Local Network.',
  }
}

const notAsked = ({ silent, nameOf }: Evidence, nodeId: NodeId, isLinked: boolean): Finding | undefined => {
  const reason = silent.get(nodeId)
  if (reason === undefined || !isLinked) return undefined
  return {
    code: 'not_asked',
    severity: 'notice',
    nodeIds: [nodeId],
    what: `${nameOf(nodeId)} did not say what it sees.`,
    why: reason,
    todo: 'Look again; if it stays so, update Muster there.',
  }
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
  return { findings: findings.filter((finding) => finding !== undefined), isUnreached }
}
