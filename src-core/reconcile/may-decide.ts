import type { Event } from '../events/event'
import type { State } from '../state/state'

/**
 * Whether a pass right after this event can decide anything that the one before did not. Tasks are the most frequent
 * events, and matter to passes in two ways: a temporary declaration becomes idle when its last one ends, and ended ones
 * are forgotten after their time, for which the pass that comes every second is early enough.
 */
export const mayDecide = ({ metaInstances }: State, event: Event): boolean => {
  switch (event.type) {
    case 'TaskCreated':
    case 'TaskDeleted':
      return false
    case 'TaskStatusUpdated':
    case 'TaskFailed':
      return Object.values(metaInstances).some(({ onRequest }) => onRequest !== undefined)
    default:
      return true
  }
}
