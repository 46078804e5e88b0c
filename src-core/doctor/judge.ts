import type { DoctorReport, Finding } from '../protocols/doctor'
import { inEnglish } from '../texts/english'
import { checkNearby, checkPair } from './checks'
import type { Evidence } from './evidence'
import { memberFindings } from './member-findings'
import { pairFindings } from './pair-findings'

/*
 * The doctor interprets what machines see of one another (`Evidence`) and returns checks for every ordered pair of
 * members, and findings: each names a cause once, so findings that follow from another one are dropped.
 * Held by `judge.test.ts`.
 */

/** Whether a `firewall` finding already explains this one: failing or one-way probes follow from it. */
const isExplainedBy = (finding: Finding, others: readonly Finding[]): boolean =>
  (finding.code === 'one_way' || finding.code === 'no_probes') &&
  others.some(({ code, nodeIds }) => code === 'firewall' && finding.nodeIds.some((nodeId) => nodeId === nodeIds[0]))

/** Builds the report: checks of every pair, and findings with what to do. */
export const judge = (evidence: Evidence): DoctorReport => {
  const { self, members, views, silent, nameOf, nearby } = evidence
  const judged = new Map(members.map((nodeId) => [nodeId, memberFindings(evidence, nodeId)]))
  const about = [...judged.values()].flatMap(({ findings }) => findings)
  const between = members.flatMap((a, at) =>
    members.slice(at + 1).flatMap((b) => {
      const explained = [a, b].some((nodeId) => judged.get(nodeId)?.isUnreached)
      const found = pairFindings(evidence, a, b)
      // An unreached machine already has a finding; a pair adds to it only what was learned from its answers.
      return explained ? found.filter(({ code }) => code === 'removed' || code === 'versions') : found
    }),
  )
  const findings = [...about, ...between.filter((finding) => !isExplainedBy(finding, about))]
  return {
    nodeId: self,
    members: members.map((nodeId) => {
      const reason = silent.get(nodeId)
      return {
        nodeId,
        friendlyName: nameOf(nodeId),
        answered: views.has(nodeId),
        ...(reason && { reason: inEnglish(reason), coded: reason }),
      }
    }),
    pairs: members.flatMap((from) => members.filter((to) => to !== from).map((to) => checkPair(evidence, from, to))),
    nearby: nearby.map((near) => checkNearby(evidence, near)),
    findings: findings.sort(bySeverity),
  }
}

const bySeverity = (a: Finding, b: Finding): number => Number(a.severity === 'notice') - Number(b.severity === 'notice')
