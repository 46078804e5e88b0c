import type { Event } from './event'
import type { NodeId } from '../ids'
import type { MetaInstanceChanges } from '../state/meta-instances'
import type { State } from '../state/state'

/**
 * Returns the lowest protocol that understands these fields. Earlier versions would drop `hours` and `replicas`, and so
 * keep the model loaded always and once; or drop the fields that memory is claimed by, and so place it with other
 * claims; or load a model without its adapter.
 */
const protocolOf = (changes: MetaInstanceChanges): number => {
  const { placementPreference, hours, concurrency, kvBits, replicas, draftModelId, adapterId } = changes
  if (adapterId) return 7
  if (draftModelId) return 6
  if (hours || concurrency || kvBits || replicas) return 5
  return placementPreference === 'auto' ? 2 : 1
}

/**
 * Returns the link protocol from which on a version can read this event: an earlier one would treat it as corruption
 * and stop following. When adding a kind of decision, or a value to one, raise `PEER_PROTOCOL` and list it here.
 */
export const protocolToRead = (event: Event): number => {
  switch (event.type) {
    case 'ApiKeyUpdated':
      return 3
    case 'MetaInstanceScheduled':
      return 5
    case 'MetaInstanceCreated':
      return protocolOf(event.metaInstance)
    case 'MetaInstanceUpdated':
      return protocolOf(event.changes)
    default:
      return 1
  }
}

/** Returns the online machines whose version cannot read the events about to be decided. */
export const machinesTooOldFor = (state: State, events: readonly Event[]): NodeId[] => {
  const needed = Math.max(1, ...events.map(protocolToRead))
  return Object.values(state.nodes).flatMap(({ nodeId, protocol }) => (protocol < needed ? [nodeId] : []))
}
