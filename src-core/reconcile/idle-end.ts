import { removeDeclaration } from '../commands/removal'
import { idleUntil } from './idleness'
import type { ProcessManager } from './process-manager'

/** Ends temporary declarations that nobody has asked for in their time. */
export const idleEnd: ProcessManager = {
  name: 'idle-end',
  reconcile: (state, inputs) => ({
    events: Object.values(state.metaInstances).flatMap((metaInstance) => {
      if (metaInstance.onRequest === undefined) return []
      const until = idleUntil(state, metaInstance, inputs)
      return until !== undefined && inputs.now >= until
        ? removeDeclaration(state, metaInstance.metaInstanceId, {
            cause: 'idle',
            reason: 'nobody asked for it any more',
          })
        : []
    }),
    needs: [],
  }),
}
