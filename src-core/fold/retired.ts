import type { Timestamp } from '../ids'
import { stampKey } from '../state/stamp'
import type { State } from '../state/state'
import { drop, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** Tombstones: what is gone for good, so that a machine that was away does not bring it back. */
export const reduceRetired = (state: State, envelope: Envelope): Changes<Timestamp> | undefined => {
  const { retired = {} } = state
  const { event, at } = envelope
  switch (event.type) {
    // What is made once stays removed: its tombstone is as new as the event by which members hear of it, and stays so long.
    case 'MetaInstanceDeleted':
      // One that ended by itself comes and goes with requests; where somebody kept it meanwhile, that counts.
      return event.cause === undefined
        ? retire(retired, event.metaInstanceId, Math.max(at, event.origin?.removed ?? 0), envelope)
        : undefined
    case 'ApiKeyRevoked':
      return retire(retired, event.apiKeyId, Math.max(at, event.origin?.removed ?? 0), envelope)
    case 'MemberRemoved': {
      const { nodeId, origin } = event
      // Whoever removes a machine has seen that it was let in, whatever the clock says that stamped that.
      const letIn = state.stamps?.[stampKey('member', nodeId)]?.created.at ?? 0
      return retire(retired, nodeId, origin?.removed ?? Math.max(at, letIn), envelope)
    }
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
  removedAt: Timestamp,
  { removalsKnown }: Envelope,
): Changes<Timestamp> => {
  const changes: Record<string, Timestamp | null> = {}
  if (removalsKnown !== undefined)
    for (const [known, since] of Object.entries(retired)) if (since <= removalsKnown) changes[known] = null
  changes[id] = Math.max(removedAt, retired[id] ?? 0)
  return changes
}
