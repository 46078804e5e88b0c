import { LATEST_TIMESTAMP } from '../ids'
import {
  epochStamp,
  fieldStamp,
  SETTINGS_KEY,
  stampAfter,
  stampKey,
  type EntityStamps,
  type Kind,
  type Origin,
  type Stamp,
} from '../state/stamp'
import type { State } from '../state/state'
import { drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** Records when each declared field was last written, and under which leader. Merges compare these stamps. */
export const reduceStamps = (state: State, { event, at, index }: Envelope): Changes<EntityStamps> | undefined => {
  const { stamps = {}, retired = {}, masterNodeId: node = '' } = state
  const now: Stamp = { at, index, node }

  const made = (kind: Kind, id: string, { created = now, fields = {} }: Origin = {}): Changes<EntityStamps> =>
    put(stampKey(kind, id), { created, fields })
  const written = (
    key: string,
    madeAt: number | undefined,
    changes: object,
    origin: Origin = {},
  ): Changes<EntityStamps> | undefined => {
    if (madeAt === undefined) return undefined
    const known = stamps[key] ?? { created: { ...epochStamp, at: madeAt }, fields: {} }
    const names = Object.entries(changes).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    // A merge states the stamps itself: it may write a field whose value stays the same, and leave some that its event
    // names.
    const latest =
      origin.fields ?? Object.fromEntries(names.map((name) => [name, stampAfter(fieldStamp(known, name), now)]))
    return put(key, { created: known.created, fields: { ...known.fields, ...latest } })
  }

  switch (event.type) {
    case 'MetaInstanceCreated':
      return made('metaInstance', event.metaInstance.metaInstanceId, event.origin)
    case 'ApiKeyCreated':
      return made('apiKey', event.apiKey.apiKeyId, event.origin)
    case 'MemberAdmitted': {
      const { nodeId, origin } = event
      // An admission is later than the removal that it follows, even where the removal's clock was ahead.
      const after = { ...now, at: Math.min(LATEST_TIMESTAMP, Math.max(at, (retired[nodeId] ?? -1) + 1)) }
      return made('member', nodeId, origin ?? { created: after })
    }
    case 'MetaInstanceUpdated': {
      const { metaInstanceId: id, changes, origin } = event
      return written(stampKey('metaInstance', id), state.metaInstances[id]?.createdAt, changes, origin)
    }
    case 'ApiKeyUpdated': {
      const { apiKeyId: id, changes, origin } = event
      return written(stampKey('apiKey', id), state.apiKeys[id]?.createdAt, changes, origin)
    }
    case 'MemberUpdated': {
      const { nodeId: id, friendlyName, ownName, drained, origin } = event
      const changes = drained === undefined ? { friendlyName, ownName } : { drained }
      return written(stampKey('member', id), state.members[id]?.admittedAt, changes, origin)
    }
    case 'SettingChanged':
      return written(SETTINGS_KEY, 0, { [event.change.key]: true }, event.origin)
    case 'MetaInstanceDeleted':
      return drop(stamps, stampKey('metaInstance', event.metaInstanceId))
    case 'ApiKeyRevoked':
      return drop(stamps, stampKey('apiKey', event.apiKeyId))
    case 'MemberRemoved':
      return drop(stamps, stampKey('member', event.nodeId))
    default:
      return undefined
  }
}
