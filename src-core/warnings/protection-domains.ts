import type { NodeId } from '../ids'
import { nodeName } from '../state/bindings'
import { failuresIn } from './failures'
import { isKilledWithDomain, isOutOfDomains } from './jaccl-text'
import type { Family } from './warning'

const times = (count: number): string => (count === 1 ? 'A runner' : `${count} runners`)

/** A process that is killed while it uses RDMA keeps its protection domain until the Mac restarts. */
export const protectionDomainFamily: Family = (state) => {
  const failures = failuresIn(state)
  const whose = (says: (text: string) => boolean): ReadonlySet<NodeId> =>
    new Set(failures.flatMap(({ nodeId, text }): NodeId[] => (nodeId && says(text) ? [nodeId] : [])))
  const [failed, leaked] = [whose(isOutOfDomains), whose(isKilledWithDomain)]
  return Object.values(state.nodes).flatMap(({ nodeId, rdma }) => {
    const killed = rdma?.killedRunners ?? (leaked.has(nodeId) ? 1 : 0)
    const exhausted = failed.has(nodeId) || (rdma?.devices.some(({ problem = '' }) => isOutOfDomains(problem)) ?? false)
    if (killed === 0 && !exhausted) return []
    const name = nodeName(state, nodeId)
    const why = `${times(killed)} had to be killed while using RDMA on ${name}, and macOS keeps what a killed process held until the Mac restarts.`
    return [
      {
        id: `protection-domains ${nodeId} ${exhausted ? 'exhausted' : killed}`,
        code: 'protection-domains',
        severity: exhausted ? 'error' : 'hint',
        title: exhausted ? `${name} has no RDMA resources left.` : `${name} has lost some of its RDMA resources.`,
        cause: exhausted
          ? `Its driver could not allocate another protection domain. ${killed > 0 ? why : 'Processes that were killed while using RDMA keep theirs until the Mac restarts.'}`
          : `${why} When none is left, RDMA fails there.`,
        fix: [{ text: `Restart ${name}. Its models are placed elsewhere meanwhile, where they fit.` }],
        subject: { kind: 'node', nodeId },
        nodeIds: [nodeId],
      },
    ]
  })
}
