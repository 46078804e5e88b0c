import type { Timestamp } from '../ids'
import type { State } from '../state/state'
import { drop, type Changes } from './changes'
import type { Envelope } from './event'

/** Tombstones: what is gone for good, so that a machine that was away does not bring it back. */
export const reduceRetired = (state: State, envelope: Envelope): Changes<Timestamp> | undefined => {
  const { retired = {} } = state
  const { event } = envelope
  switch (event.type) {
    case 'MetaInstanceDeleted':
      // One that ended by itself comes and goes with requests; where somebody kept it meanwhile, that counts.
      return event.cause === undefined ? retire(retired, event.metaInstanceId, envelope) : undefined
    case 'ApiKeyRevoked':
      return retire(retired, event.apiKeyId, envelope)
    case 'MemberRemoved':
      return retire(retired, event.nodeId, envelope)
    // Somebody wants it again, knowing that it was gone.
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

/** However many there are: they go when every member has seen them, and never before. */
const retire = (
  retired: Readonly<Record<string, Timestamp>>,
  id: string,
  { event, at, removalsKnown }: Envelope,
): Changes<Timestamp> => {
  const removedAt = ('origin' in event ? event.origin?.removed : undefined) ?? at
  const changes: Record<string, Timestamp | null> = {}
  if (removalsKnown !== undefined)
    for (const [known, since] of Object.entries(retired)) if (since <= removalsKnown) changes[known] = null
  changes[id] = Math.max(removedAt, retired[id] ?? 0)
  return changes
}
