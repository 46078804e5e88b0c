import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import { clauses, coded } from '../texts/coded'
import { failuresIn } from './failures'
import { isKilledWithDomain, isOutOfDomains } from './jaccl-text'
import type { Detector } from './warning'

/** Warns about leaked protection domains: a process killed while using RDMA keeps its domain until the Mac restarts. */
export const protectionDomainDetector: Detector = (state) => {
  const failures = failuresIn(state)
  const nodesWhose = (matches: (text: string) => boolean): ReadonlySet<NodeId> =>
    new Set(failures.flatMap(({ nodeId, text }): NodeId[] => (nodeId && matches(text) ? [nodeId] : [])))
  const [failed, leaked] = [nodesWhose(isOutOfDomains), nodesWhose(isKilledWithDomain)]
  return Object.values(state.nodes).flatMap(({ nodeId, rdma }) => {
    const killed = rdma?.killedRunners ?? (leaked.has(nodeId) ? 1 : 0)
    const exhausted = failed.has(nodeId) || (rdma?.devices.some(({ problem = '' }) => isOutOfDomains(problem)) ?? false)
    if (killed === 0 && !exhausted) return []
    const name = nodeName(state, nodeId)
    const why = clauses(
      killed > 0 ? coded('alerts.domains.killed', { count: killed, name }) : coded('alerts.domains.processes'),
    )
    return [
      {
        id: `protection-domains ${nodeId} ${exhausted ? 'exhausted' : killed}`,
        code: 'protection-domains',
        severity: exhausted ? 'error' : 'hint',
        title: coded(exhausted ? 'alerts.domains.titleNone' : 'alerts.domains.title', { name }),
        cause: coded(exhausted ? 'alerts.domains.causeNone' : 'alerts.domains.cause', { why }),
        fix: [{ text: coded('alerts.domains.restart', { name }) }],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })
}
