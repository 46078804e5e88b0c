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

/** Remembers when each field that people declare was last written, and by whose lead: what merges go by. */
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
    // A merge says itself what it writes: perhaps a field that has the same value, and not all that its event names.
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
      // Who lets a machine in again has seen that it was removed, whatever the clock says that stamped that.
      const after = { ...now, at: Math.max(at, (retired[nodeId] ?? -1) + 1) }
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
