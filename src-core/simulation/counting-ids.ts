import { InstanceId, RunnerId } from '../ids'
import type { IdSource } from '../reconcile/index'

/** Ids in order; of all masters that share them, no two give the same. */
export const countingIds = (): IdSource => {
  const counts = { instance: 0, runner: 0 }
  return {
    instanceId: () => InstanceId.parse(`instance-${++counts.instance}`),
    runnerId: () => RunnerId.parse(`runner-${++counts.runner}`),
  }
}
