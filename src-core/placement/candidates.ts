import type { NodeId } from '../ids'
import type { Constraints } from '../state/meta-instances'
import type { State } from '../state/state'
import type { Funnel } from './funnel'

/** Machines in rank order that could hold one instance together. */
export type Group = readonly NodeId[]

/** The machines that may be used at all; each one that may not is put down in the funnel with the rule. */
export const usableNodes = (state: State, { nodeIds }: Pick<Constraints, 'nodeIds'>, funnel: Funnel): NodeId[] => {
  const wanted = nodeIds && new Set<string>(nodeIds)
  return Object.values(state.members).flatMap(({ nodeId }) => {
    const node = state.nodes[nodeId]
    if (!node) return funnel.remove('offline', nodeId, 'offline')
    if (wanted && !wanted.has(nodeId)) return funnel.remove('nodeIds', nodeId, 'excluded by nodeIds')
    if (!node.worker) return funnel.remove('no_worker', nodeId, 'only coordinates')
    if (node.cannotRun !== undefined) return funnel.remove('cannot_run', nodeId, `cannot run models: ${node.cannotRun}`)
    return [nodeId]
  })
}

/** All groups worth looking at. One machine alone is a group; rings of live edges add to these. */
export const candidateGroups = (usable: readonly NodeId[]): Group[] => usable.map((nodeId) => [nodeId])
