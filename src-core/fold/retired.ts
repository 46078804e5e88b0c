import type { Timestamp } from '../ids'
import { stampKey } from '../state/stamp'
import type { State } from '../state/state'
import { drop, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** Keeps tombstones of removed entities, so that a machine that was away does not bring them back. */
export const reduceRetired = (state: State, envelope: Envelope): Changes<Timestamp> | undefined => {
  const { retired = {} } = state
  const { event, at } = envelope
  switch (event.type) {
    // Ids of declarations and keys are never reused. The tombstone is dated no earlier than the event through which
    // members learn of the removal, and is kept until all of them have it.
    case 'MetaInstanceDeleted':
      // No tombstone for a temporary declaration that ended by itself: if the other side of a split kept it, it comes
      // back.
      return event.cause === undefined
        ? retire(retired, event.metaInstanceId, Math.max(at, event.origin?.removed ?? 0), envelope)
        : undefined
    case 'ApiKeyRevoked':
      return retire(retired, event.apiKeyId, Math.max(at, event.origin?.removed ?? 0), envelope)
    case 'MemberRemoved': {
      const { nodeId, origin } = event
      // A removal is later than the admission that it ends, even where the admission's clock was ahead.
      const letIn = state.stamps?.[stampKey('member', nodeId)]?.created.at ?? 0
      return retire(retired, nodeId, origin?.removed ?? Math.max(at, letIn), envelope)
    }
    // Created again after the removal was known: the tombstone no longer applies.
    case 'MetaInstanceCreated':
      return drop(retired, event.metaInstance.metaInstanceId)
    case 'ApiKeyCreated':
      return drop(retired, event.apiKey.apiKeyId)
    case 'MemberAdmitted':
      return drop(retired, event.nodeId)
    default:
      return undefined
  }
}

/**
 * Adds a tombstone and drops those that every member has seen. Their number is not limited: dropping one earlier would
 * let a removed entity come back.
 */
const retire = (
  retired: Readonly<Record<string, Timestamp>>,
  id: string,
  removedAt: Timestamp,
  { removalsKnown }: Envelope,
): Changes<Timestamp> => {
  const changes: Record<string, Timestamp | null> = {}
  if (removalsKnown !== undefined)
    for (const [known, since] of Object.entries(retired)) if (since <= removalsKnown) changes[known] = null
  changes[id] = Math.max(removedAt, retired[id] ?? 0)
  return changes
}
