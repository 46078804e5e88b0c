import { momentText } from '../schedules/hours-text'
import type { MetaInstance, OnRequest } from './meta-instances'

/** Whether it is outside its hours and no request has loaded it; then it has no instance, which is no fault. */
export const isOffHours = ({ schedule }: Pick<MetaInstance, 'schedule'>): boolean =>
  schedule !== undefined && !schedule.on && schedule.woken === undefined

/** Returns how long it is kept after its last answer; undefined if it is always on. */
export const temporaryOf = ({
  onRequest,
  schedule,
}: Pick<MetaInstance, 'onRequest' | 'schedule'>): OnRequest | undefined =>
  onRequest ?? (schedule?.on === false ? schedule.woken : undefined)

const scheduledCopies = new WeakMap<MetaInstance, MetaInstance>()

/** Returns the declaration to place now, with the machines that its current hours name. */
export const asScheduled = (metaInstance: MetaInstance): MetaInstance => {
  const nodeIds = metaInstance.schedule?.nodeIds
  if (nodeIds === undefined) return metaInstance
  const known = scheduledCopies.get(metaInstance)
  if (known) return known
  // The same declaration gives the same object, because placement memoizes by identity.
  const placed = { ...metaInstance, nodeIds }
  scheduledCopies.set(metaInstance, placed)
  return placed
}

/** `until Mon 09:00 (Europe/Berlin)`. */
export const offHoursText = ({ hours, schedule }: Pick<MetaInstance, 'hours' | 'schedule'>): string => {
  const [first] = hours ?? []
  if (first === undefined || schedule?.until === undefined) return 'outside its hours'
  return `until ${momentText(first.timeZone, schedule.until)}`
}
