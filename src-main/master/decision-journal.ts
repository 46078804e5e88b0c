import type { FactLog } from '@core/consensus/index'
import type { Envelope } from '@core/events/event'
import type { Subject } from '@core/events/subject'

export type JournalLog = FactLog

/** Logs a decision about a declaration or instance, with model, ids, attempt and reason. Called by the leader only. */
export const journal = (log: JournalLog, { instance, metaInstance }: Subject, { index, event }: Envelope): void => {
  switch (event.type) {
    case 'MetaInstanceCreated': {
      const { metaInstanceId, modelId, name, onRequest } = event.metaInstance
      log.info({ index, metaInstanceId, modelId, name, onRequest }, onRequest ? 'loaded on request' : 'declared')
      return
    }
    case 'MetaInstanceUpdated':
      log.info({ index, metaInstanceId: event.metaInstanceId, changes: event.changes }, 'declaration changed')
      return
    case 'MetaInstanceDeleted':
      log.info(
        {
          index,
          metaInstanceId: event.metaInstanceId,
          modelId: metaInstance?.modelId,
          cause: event.cause,
          reason: event.reason,
        },
        event.reason === undefined ? 'declaration deleted' : 'temporary declaration ended',
      )
      return
    case 'MetaInstancePlacementFailed': {
      const { metaInstanceId, reason, code } = event
      log.warn({ index, metaInstanceId, modelId: metaInstance?.modelId, code, reason }, 'cannot be placed')
      return
    }
    case 'MetaInstanceScheduled': {
      const { metaInstanceId, schedule } = event
      log.info({ index, metaInstanceId, ...schedule }, schedule.on ? 'within its hours' : 'outside its hours')
      return
    }
    case 'MetaInstanceRecovered':
      log.info({ index, metaInstanceId: event.metaInstanceId }, 'recovered')
      return
    case 'InstanceCreated': {
      const { instanceId, metaInstanceId, modelId, shards } = event.instance
      log.info({ index, instanceId, metaInstanceId, modelId, nodeIds: shards.map(({ nodeId }) => nodeId) }, 'placed')
      return
    }
    case 'InstanceRetrying': {
      const { instanceId, metaInstanceId, failureError } = event
      const failures = metaInstance?.consecutiveFailures ?? 0
      const modelId = instance?.modelId
      log.warn({ index, instanceId, metaInstanceId, modelId, attempt: failures + 1, reason: failureError }, 'retrying')
      return
    }
    case 'InstanceDeleted': {
      const { instanceId, failureError, cause } = event
      const { metaInstanceId, modelId } = instance ?? {}
      const fields = { index, instanceId, metaInstanceId, modelId, cause, reason: failureError }
      if (failureError === undefined) log.info(fields, 'instance deleted')
      else log.warn(fields, 'instance given up')
      return
    }
    default:
      return
  }
}
