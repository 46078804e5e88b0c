import type { Timestamp } from '../ids'
import { MAX_RETIRED, type State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from './event'

/** Remembers what is gone for good, so that a machine that was away does not bring it back. */
export const reduceRetired = ({ retired = {} }: State, { event, at }: Envelope): Changes<Timestamp> | undefined => {
  switch (event.type) {
    case 'MetaInstanceDeleted':
      // One that ended by itself comes and goes with requests; where somebody kept it meanwhile, that counts.
      return event.cause === undefined ? retire(retired, event.metaInstanceId, at) : undefined
    case 'ApiKeyRevoked':
      return retire(retired, event.apiKeyId, at)
    case 'MemberRemoved':
      return retire(retired, event.nodeId, at)
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

const retire = (retired: Readonly<Record<string, Timestamp>>, id: string, at: Timestamp): Changes<Timestamp> => {
  const known = Object.entries(retired)
  if (known.length < MAX_RETIRED) return put(id, at)
  const [oldest] = known.reduce((first, one) => (one[1] < first[1] ? one : first))
  return { ...put(oldest, null), ...put(id, at) }
}
