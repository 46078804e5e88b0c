import { compareStamps, fieldStamp, SETTINGS_KEY, stampKey, type Stamp } from '@core/state/stamp'
import type { Envelope, Event } from '@core/events/event'
import type { CommandId, NodeId } from '@core/ids'
import { canonical } from '@core/state/canonical'
import { ApiKeyChanges } from '@core/state/api-keys'
import { MetaInstanceChanges } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { insist } from '@core/simulation/chaos/invariants'

/** A declared object: the key of its stamps, and where the state has its fields. */
interface Entity {
  readonly key: string
  readonly of: (state: State) => object | undefined
}

interface Write extends Entity {
  readonly field: string
  readonly value: string
  readonly stamp: Stamp
  /** The node that decided it. */
  readonly by: NodeId
  /** Whether that node was removed since. */
  readonly isVoid?: boolean
}

const valueIn = (entity: object, field: string): string =>
  canonical(Object.entries(entity).find(([name]) => name === field)?.[1])

const metaInstance = (id: string): Entity => ({
  key: stampKey('metaInstance', id),
  of: ({ metaInstances }) => metaInstances[id],
})
const member = (id: string): Entity => ({ key: stampKey('member', id), of: ({ members }) => members[id] })
const apiKey = (id: string): Entity => ({ key: stampKey('apiKey', id), of: ({ apiKeys }) => apiKeys[id] })
const settings: Entity = { key: SETTINGS_KEY, of: (state) => state.settings }

/** The fields that an event writes; undefined for events of a merge. */
const fieldsOf = (event: Event): (Entity & { readonly fields: readonly string[] }) | undefined => {
  if ('origin' in event && event.origin) return undefined
  switch (event.type) {
    case 'MetaInstanceCreated':
      return { ...metaInstance(event.metaInstance.metaInstanceId), fields: Object.keys(MetaInstanceChanges.shape) }
    case 'MetaInstanceUpdated':
      return { ...metaInstance(event.metaInstanceId), fields: Object.keys(event.changes) }
    case 'MemberUpdated':
      return {
        ...member(event.nodeId),
        fields: event.drained === undefined ? ['friendlyName', 'ownName'] : ['drained'],
      }
    case 'ApiKeyCreated':
      return { ...apiKey(event.apiKey.apiKeyId), fields: Object.keys(ApiKeyChanges.shape) }
    case 'ApiKeyUpdated':
      return { ...apiKey(event.apiKeyId), fields: Object.keys(event.changes) }
    case 'SettingChanged':
      return { ...settings, fields: [event.change.key] }
    default:
      return undefined
  }
}

/**
 * Invariant: at rest, each field of declarations, keys and members and each setting holds the newest acknowledged write,
 * or a newer one.
 */
export class AcknowledgedWrites {
  private readonly writes = new Map<CommandId, Write[]>()
  private readonly acknowledgedIds = new Set<CommandId>()
  /**
   * Keys of objects whose writes are void: temporary declarations that ended by themselves on at least one side, and
   * removed members, which start over when readmitted.
   */
  private readonly ended = new Set<string>()

  /** A leader has decided and folded this event. Events of a merge are skipped: they were written elsewhere. */
  decided({ event, commandId }: Envelope, after: State, by: NodeId): void {
    if (event.type === 'MetaInstanceDeleted' && event.cause !== undefined)
      this.ended.add(metaInstance(event.metaInstanceId).key)
    if (event.type === 'MemberRemoved') this.ended.add(member(event.nodeId).key)
    const written = fieldsOf(event)
    if (!written || commandId === undefined) return
    const { key, of, fields } = written
    const [entity, stamps] = [of(after), after.stamps?.[key]]
    if (!entity || !stamps) return
    const writes = fields.map((field): Write => ({
      ...{ key, of, field, by },
      value: valueIn(entity, field),
      stamp: fieldStamp(stamps, field),
    }))
    this.writes.set(commandId, [...(this.writes.get(commandId) ?? []), ...writes])
  }

  acknowledged(commandId: CommandId): void {
    this.acknowledgedIds.add(commandId)
  }

  /** That node was removed from the cluster: its decisions are void, though others may have them. */
  forget(node: NodeId): void {
    for (const [commandId, writes] of this.writes)
      this.writes.set(
        commandId,
        writes.map((one) => (one.by === node ? { ...one, isVoid: true } : one)),
      )
  }

  rest(state: State): void {
    for (const commandId of this.acknowledgedIds) {
      // If a second leader decided a command again because the first decision was lost, the earlier stamp counts.
      const decided = this.writes.get(commandId) ?? []
      for (const { key, of, field, value, stamp, isVoid } of decided) {
        const [entity, stamps] = [of(state), state.stamps?.[key]]
        const isSecond = decided.some(
          (one) => one.key === key && one.field === field && compareStamps(one.stamp, stamp) < 0,
        )
        if (!entity || !stamps || isVoid || isSecond || this.ended.has(key)) continue
        const newer = compareStamps(fieldStamp(stamps, field), stamp)
        insist(
          newer >= 0,
          () =>
            `${field} of ${key}, acknowledged as ${value}, is lost: at rest it has an older ${valueIn(entity, field)}`,
        )
        // A name used on both sides gets a number, and RDMA raises `minNodes` to two.
        if (newer === 0 && !(key.startsWith('metaInstance') && (field === 'name' || field === 'minNodes')))
          insist(valueIn(entity, field) === value, () => `${field} of ${key} is not what was acknowledged`)
      }
    }
  }
}
