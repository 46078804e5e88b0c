import type { NodeId, Timestamp } from '../ids'
import type { State } from '../state/state'
import type { ProcessManager, ReconcileInputs } from './process-manager'

/** A node that said nothing for this long is gone. */
export const NODE_TIMEOUT_MS = 30_000

/** Until when a node's silence means nothing: deadlines run from its last word, and begin anew with a start or a wake. */
const deadline = (nodeId: NodeId, { heard, deadlinesBegan }: ReconcileInputs): Timestamp =>
  Math.max(heard[nodeId] ?? 0, deadlinesBegan) + NODE_TIMEOUT_MS

/** Members that have not been heard since the deadlines began but still may be: what stands on them is left alone. */
export const isExpected = (state: State, nodeId: NodeId, inputs: ReconcileInputs): boolean =>
  nodeId in state.members &&
  (inputs.heard[nodeId] ?? -1) < inputs.deadlinesBegan &&
  inputs.now < inputs.deadlinesBegan + NODE_TIMEOUT_MS

/** Says which nodes have gone silent. */
export const nodeTimeout: ProcessManager = {
  name: 'node-timeout',
  reconcile: (state, inputs) => ({
    events: Object.values(state.nodes)
      .filter(({ nodeId }) => inputs.now >= deadline(nodeId, inputs))
      .map(({ nodeId }) => ({ type: 'NodeTimedOut', nodeId })),
    needs: [],
  }),
}
