import type { NodeId } from '@core/ids'
import { DoctorReport, type Finding as ConnectionFinding } from '@core/protocols/doctor'
import type { Examination, Finding } from './finding'

type Pair = readonly [NodeId, NodeId]

/** Whether a finding speaks of a pair: of both of a pair's machines, or of the one that others do not reach. */
const isAbout = ({ nodeIds: [culprit, other] }: ConnectionFinding, pair: Pair): boolean =>
  [culprit, other].every((nodeId) => nodeId === undefined || pair.includes(nodeId))

/** The pairs that do not work and of which a finding speaks, each once. A notice keeps nothing from working. */
const pairsOf = ({ pairs }: DoctorReport, finding: ConnectionFinding): readonly Pair[] => {
  if (finding.severity === 'notice') return []
  const found = new Map<string, Pair>()
  for (const { from, to, tcpOut, link, probe } of pairs) {
    const key = [from, to].sort().join(' ')
    // Linked by a call from the other side, a pair may still lack one direction.
    const isBroken = [tcpOut, link, probe].some(({ state }) => state === 'no')
    if (isBroken && !found.has(key) && isAbout(finding, [from, to])) found.set(key, [from, to])
  }
  return [...found.values()]
}

const severityOf = ({ severity }: ConnectionFinding): Finding['severity'] => {
  switch (severity) {
    case 'problem':
      return 'error'
    case 'notice':
      return 'hint'
  }
}

/** What keeps the machines from one another. The node asks all of them, and waits for those that do not answer. */
export const connections: Examination = {
  name: 'connections',
  title: 'The connections between machines',
  examine: async (api) => {
    const report = await api.ask('/cluster/doctor', DoctorReport)
    const nameOf = (nodeId: NodeId): string =>
      report.members.find((member) => member.nodeId === nodeId)?.friendlyName ?? nodeId
    const found = report.findings.map((finding) => ({ finding, pairs: pairsOf(report, finding) }))
    return {
      findings: found.map(({ finding, pairs }): Finding => ({
        severity: severityOf(finding),
        title: finding.what,
        cause: finding.why,
        fix: [{ text: finding.todo }],
        between: pairs.map(([from, to]) => `${nameOf(from)} and ${nameOf(to)}`),
      })),
      json: found.map(({ finding, pairs }) => ({ ...finding, pairs })),
    }
  },
}
