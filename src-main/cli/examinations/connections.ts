import type { NodeId } from '@core/ids'
import { DoctorReport, type Finding as ConnectionFinding } from '@core/protocols/doctor'
import type { Examination, Finding } from './finding'

type Pair = readonly [NodeId, NodeId]

/** Whether a finding concerns a pair: it names both machines of the pair, or one of them as unreachable. */
const isAbout = ({ nodeIds: [culprit, other] }: ConnectionFinding, pair: Pair): boolean =>
  [culprit, other].every((nodeId) => nodeId === undefined || pair.includes(nodeId))

/** Broken pairs that a finding concerns, without duplicates. Notices break nothing. */
const pairsOf = ({ pairs }: DoctorReport, finding: ConnectionFinding): readonly Pair[] => {
  if (finding.severity === 'notice') return []
  const found = new Map<string, Pair>()
  for (const { from, to, tcpOut, link, probe } of pairs) {
    const key = [from, to].sort().join(' ')
    // A pair linked from one side may still lack the other direction.
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

/** Examines connections between machines. The node asks all members and waits for slow ones up to a limit. */
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
