import { silentUntil } from './expected'
import type { ProcessManager } from './process-manager'

/** Says which nodes have gone silent. */
export const nodeTimeout: ProcessManager = {
  name: 'node-timeout',
  reconcile: (state, inputs) => ({
    events: Object.values(state.nodes)
      .filter(({ nodeId }) => inputs.now >= silentUntil(nodeId, inputs))
      .map(({ nodeId }) => ({ type: 'NodeTimedOut', nodeId })),
    needs: [],
  }),
}
