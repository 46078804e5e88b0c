import { endTemporary } from '../declarations/removal'
import { idleUntil } from '../state/idleness'
import type { ProcessManager } from './process-manager'

/** Ends temporary declarations whose idle time is over. */
export const idleEnd: ProcessManager = {
  name: 'idle-end',
  reconcile: (state, inputs) => ({
    events: Object.values(state.metaInstances).flatMap((metaInstance) => {
      const until = idleUntil(state, metaInstance, inputs)
      if (until === undefined || inputs.now < until) return []
      return endTemporary(state, metaInstance, { cause: 'idle', reason: 'nobody asked for it any more' })
    }),
    needs: [],
  }),
}
