import type { DoctorReport, Finding } from '../protocols/doctor'
import { checkNearby, checkPair } from './checks'
import type { Evidence } from './evidence'
import { aboutMember } from './member-findings'
import { aboutPair } from './pair-findings'

/** `firewall` says it all: that probes fail as well, or go one way, follows from it. */
const isSaidBy = (finding: Finding, others: readonly Finding[]): boolean =>
  (finding.code === 'one_way' || finding.code === 'no_probes') &&
  others.some(({ code, nodeIds }) => code === 'firewall' && finding.nodeIds.some((nodeId) => nodeId === nodeIds[0]))

/** What the machines found, pair by pair, and what a person can do about it. */
export const judge = (evidence: Evidence): DoctorReport => {
  const { self, members, views, silent, nameOf, nearby } = evidence
  const judged = new Map(members.map((nodeId) => [nodeId, aboutMember(evidence, nodeId)]))
  const about = [...judged.values()].flatMap(({ findings }) => findings)
  const between = members.flatMap((a, at) =>
    members.slice(at + 1).flatMap((b) => {
      const explained = [a, b].some((nodeId) => judged.get(nodeId)?.isUnreached)
      const found = aboutPair(evidence, a, b)
      // One that nobody reaches was spoken of; only what it says itself about a pair adds to that.
      return explained ? found.filter(({ code }) => code === 'removed' || code === 'versions') : found
    }),
  )
  const findings = [...about, ...between.filter((finding) => !isSaidBy(finding, about))]
  return {
    nodeId: self,
    members: members.map((nodeId) => {
      const reason = silent.get(nodeId)
      return {
        nodeId,
        friendlyName: nameOf(nodeId),
        answered: views.has(nodeId),
        ...(reason !== undefined && { reason }),
      }
    }),
    pairs: members.flatMap((from) => members.filter((to) => to !== from).map((to) => checkPair(evidence, from, to))),
    nearby: nearby.map((near) => checkNearby(evidence, near)),
    findings: findings.sort(bySeverity),
  }
}

const bySeverity = (a: Finding, b: Finding): number => Number(a.severity === 'notice') - Number(b.severity === 'notice')
