import { momentText } from '../schedules/hours-text'
import type { MetaInstance, OnRequest } from './meta-instances'

/** Outside its hours, and no request has loaded it: it has no instance, and that is no fault. */
export const isOffHours = ({ schedule }: Pick<MetaInstance, 'schedule'>): boolean =>
  schedule !== undefined && !schedule.on && schedule.woken === undefined

/** How long it is kept after its last answer, where that is why it is in memory; undefined for what is always on. */
export const temporaryOf = ({ onRequest, schedule }: MetaInstance): OnRequest | undefined =>
  onRequest ?? (schedule?.on === false ? schedule.woken : undefined)

const placedAs = new WeakMap<MetaInstance, MetaInstance>()

/** The declaration as it is to be placed now: on the machines that its present hours name. */
export const asScheduled = (metaInstance: MetaInstance): MetaInstance => {
  const nodeIds = metaInstance.schedule?.nodeIds
  if (nodeIds === undefined) return metaInstance
  const known = placedAs.get(metaInstance)
  if (known) return known
  // One object for as long as the declaration is the same: what placing remembers goes by it.
  const placed = { ...metaInstance, nodeIds }
  placedAs.set(metaInstance, placed)
  return placed
}

/** `until Mon 09:00 (Europe/Berlin)`. */
export const offHoursText = ({ hours, schedule }: Pick<MetaInstance, 'hours' | 'schedule'>): string => {
  const [first] = hours ?? []
  if (first === undefined || schedule?.until === undefined) return 'outside its hours'
  return `until ${momentText(first.timeZone, schedule.until)}`
}
