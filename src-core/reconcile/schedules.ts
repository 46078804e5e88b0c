import type { Event } from '../events/event'
import { scheduledNow } from '../schedules/scheduled-now'
import type { Scheduled } from '../schedules/hours'
import type { MetaInstance } from '../state/meta-instances'
import type { ProcessManager, ReconcileInputs } from './process-manager'

/**
 * How long a schedule decision holds against the wall clock, unless its announced end has come. Otherwise a clock that
 * jumps back and forth would load and unload a model each time.
 */
export const SCHEDULE_HOLDS_MS = 60_000

const isSame = (known: Scheduled, wanted: Scheduled): boolean =>
  known.on === wanted.on && known.until === wanted.until && known.nodeIds?.join() === wanted.nodeIds?.join()

const decided = (
  { metaInstanceId, hours, schedule }: MetaInstance,
  { now, wall }: ReconcileInputs,
): Event | undefined => {
  const wanted = hours && scheduledNow(hours, wall)
  if (wanted === undefined || (schedule && isSame(schedule, wanted))) return undefined
  const isForetold = schedule?.until !== undefined && wall >= schedule.until
  if (schedule && !isForetold && now < schedule.since + SCHEDULE_HOLDS_MS) return undefined
  return { type: 'MetaInstanceScheduled', metaInstanceId, schedule: wanted }
}

/** Decides whether declarations are within their scheduled hours, by the leader's wall clock only. */
export const schedules: ProcessManager = {
  name: 'schedules',
  reconcile: ({ metaInstances }, inputs) => ({
    events: Object.values(metaInstances).flatMap((one) => decided(one, inputs) ?? []),
    needs: [],
  }),
}
