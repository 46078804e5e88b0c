import type { Node } from '@core/state/nodes'
import type { State } from '@core/state/state'

/** The machines that models are placed on now: those that run models, without drained ones. */
export const usableMachines = ({ nodes, members }: Pick<State, 'nodes' | 'members'>): readonly Node[] =>
  Object.values(nodes).filter(
    ({ nodeId, worker, cannotRun }) => worker && cannotRun === undefined && members[nodeId]?.drained !== true,
  )
