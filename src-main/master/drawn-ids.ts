import { randomUUID } from 'node:crypto'
import { InstanceId, RunnerId } from '@core/ids'
import type { IdSource } from '@core/reconcile/process-manager'

/** Ids that nobody else has. */
export const drawnIds: IdSource = {
  instanceId: () => InstanceId.parse(randomUUID()),
  runnerId: () => RunnerId.parse(randomUUID()),
}
