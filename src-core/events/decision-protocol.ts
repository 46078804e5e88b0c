import type { Event } from './event'
import type { NodeId } from '../ids'
import type { MetaInstanceChanges } from '../state/meta-instances'
import type { State } from '../state/state'

/**
 * An earlier version would leave `hours` and `replicas` out, and keep the model in memory all the time and once, or
 * what memory is kept for, a draft model's too, and place it by other claims.
 */
const protocolOf = (changes: MetaInstanceChanges): number => {
  const { placementPreference, hours, concurrency, kvBits, replicas, draftModelId } = changes
  if (draftModelId) return 6
  if (hours || concurrency || kvBits || replicas) return 5
  return placementPreference === 'auto' ? 2 : 1
}

/**
 * The protocol of links from which on a version reads an event of this kind: an earlier one takes it for damage, and
 * could follow no further. Whoever adds a kind of decision, or a value to one, raises `PEER_PROTOCOL` and says so here.
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

/** Machines that are there and run a Muster that cannot read what is about to be decided. */
export const machinesTooOldFor = (state: State, events: readonly Event[]): NodeId[] => {
  const needed = Math.max(1, ...events.map(protocolToRead))
  return Object.values(state.nodes).flatMap(({ nodeId, protocol }) => (protocol < needed ? [nodeId] : []))
}
