import { silentUntil } from './expected'
import type { ProcessManager } from './process-manager'

/** Times out nodes that were silent for too long. */
export const nodeTimeout: ProcessManager = {
  name: 'node-timeout',
  reconcile: (state, inputs) => ({
    events: Object.values(state.nodes)
      .filter(({ nodeId }) => inputs.now >= silentUntil(nodeId, inputs))
      .map(({ nodeId }) => ({ type: 'NodeTimedOut', nodeId })),
    needs: [],
  }),
}
