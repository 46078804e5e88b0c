import { InstanceId, RunnerId } from '../ids'
import type { IdSource } from '../reconcile/index'

/** Sequential ids, unique among all masters that share this source. */
export const countingIds = (): IdSource => {
  const counts = { instance: 0, runner: 0 }
  return {
    instanceId: () => InstanceId.parse(`instance-${++counts.instance}`),
    runnerId: () => RunnerId.parse(`runner-${++counts.runner}`),
  }
}
