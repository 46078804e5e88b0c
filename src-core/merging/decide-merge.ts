import { removeDeclaration } from '../declarations/removal'
import type { Event } from '../events/event'
import { ApiKeyId, MetaInstanceId, NodeId, type Timestamp } from '../ids'
import { SettingChange } from '../settings/cluster'
import { ApiKeyChanges } from '../state/api-keys'
import { leastNodes } from '../state/least-nodes'
import { MetaInstanceChanges } from '../state/meta-instances'
import type { State } from '../state/state'
import type { UnmergedDeclarations } from './unmerged'
import { declaredOf, type Declared, type DeclaredMetaInstance, type Stamped } from './declared'
import { merge } from './merge'
import { withNamesOfTheirOwn } from './names'
import { canonical } from '../state/canonical'
import { compareStamps, compareWrites, fieldStamp, stampKey, type Kind, type Stamp } from '../state/stamp'

type Family<Value> = Readonly<Record<string, Stamped<Value>>>

/**
 * Drops entities that both sides had and this side has removed since. An entity common to both is the same one, even if
 * an older version stored no stamps for it.
 */
const stillWanted = <Value>(
  kind: Kind,
  theirs: Family<Value>,
  own: Family<Value>,
  common: ReadonlySet<string>,
): Record<string, Stamped<Value>> =>
  Object.fromEntries(
    Object.entries(theirs).flatMap(([id, one]) => {
      const [isCommon, known] = [common.has(stampKey(kind, id)), own[id]]
      // A temporary declaration ended by itself on this side, while a user made it permanent on the other.
      const isKept = 'onRequest' in one.stamps.fields && !('onRequest' in (one.value as object))
      if (isCommon && !known && !isKept) return []
      const { value, stamps } = one
      return isCommon && known && stamps.created.node === ''
        ? [[id, { value, stamps: { ...stamps, created: known.stamps.created } }]]
        : [[id, one]]
    }),
  )

/** The fields that users change. */
const FIELDS = {
  metaInstances: Object.keys(MetaInstanceChanges.shape),
  apiKeys: Object.keys(ApiKeyChanges.shape),
  members: ['friendlyName', 'ownName', 'drained'],
  settings: SettingChange.options.map(({ shape }) => shape.key.value),
}

/** Returns the fields that were written later than on this side, or whose merged value differs, with their stamps. */
const newerFields = <Value extends object>(
  kind: keyof typeof FIELDS,
  own: Stamped<Value>,
  merged: Stamped<Value>,
): { readonly changes: Partial<Record<string, unknown>>; readonly fields: Record<string, Stamp> } | undefined => {
  const newer = FIELDS[kind].filter((name) => {
    const field = name as keyof Value & string
    const isWritten = field in merged.stamps.fields && compareWrites(merged.stamps, own.stamps, field) !== 0
    return isWritten || canonical(merged.value[field]) !== canonical(own.value[field])
  })
  if (newer.length === 0) return undefined
  return {
    changes: Object.fromEntries(newer.map((name) => [name, merged.value[name as keyof Value] ?? null])),
    fields: Object.fromEntries(newer.map((name) => [name, fieldStamp(merged.stamps, name)])),
  }
}

/**
 * Repairs combinations that no command could create: RDMA needs two machines, and only temporary declarations are
 * pinned.
 */
const sound = ({ pinned, ...value }: DeclaredMetaInstance): DeclaredMetaInstance => ({
  ...value,
  minNodes: leastNodes(value),
  ...(value.onRequest && pinned !== undefined && { pinned }),
})

/** Turns the declarations of another side into events on this one, each with the stamps of what it brings. */
class Merging {
  private readonly own: Declared
  private readonly theirs: Declared
  private readonly merged: Declared

  constructor(
    private readonly state: State,
    { declared, common: both }: UnmergedDeclarations,
  ) {
    const own = (this.own = declaredOf(state))
    const common = new Set(both)
    this.theirs = declared
    this.merged = merge(own, {
      ...declared,
      metaInstances: stillWanted('metaInstance', declared.metaInstances, own.metaInstances, common),
      apiKeys: stillWanted('apiKey', declared.apiKeys, own.apiKeys, common),
      members: stillWanted('member', declared.members, own.members, common),
    })
  }

  /** Members first, removals before admissions. */
  events(): Event[] {
    return [
      ...this.removals('members').map(([id, removed]): Event => ({
        type: 'MemberRemoved',
        nodeId: NodeId.parse(id),
        origin: { removed },
      })),
      ...this.members(),
      ...this.removals('metaInstances').flatMap(([id, removed]) =>
        removeDeclaration(this.state, MetaInstanceId.parse(id)).map((event): Event =>
          event.type === 'MetaInstanceDeleted' ? { ...event, origin: { removed } } : event,
        ),
      ),
      ...this.metaInstances(),
      ...this.removals('apiKeys').map(([id, removed]): Event => ({
        type: 'ApiKeyRevoked',
        apiKeyId: ApiKeyId.parse(id),
        origin: { removed },
      })),
      ...this.apiKeys(),
      ...this.settings(),
    ]
  }

  /**
   * New tombstones: of entities that exist here, or that another member may still bring. A tombstone of unknown kind is
   * emitted once.
   */
  private removals(family: keyof Declared['removed']): [string, Timestamp][] {
    const known = this.own.removed[family]
    const untyped = family === 'metaInstances' ? {} : this.theirs.removed.metaInstances
    return Object.entries(this.merged.removed[family]).filter(
      ([id, at]) =>
        (known[id] ?? -1) < at && !(id in this.merged[family]) && (id in this.own[family] || !(id in untyped)),
    )
  }

  private members(): Event[] {
    return Object.entries(this.merged.members).flatMap(([id, merged]): Event[] => {
      const { value, stamps } = merged
      const { admittedAt: _at, ...member } = value
      const own = this.own.members[id]
      if (!own || compareStamps(own.stamps.created, stamps.created) !== 0)
        return [{ type: 'MemberAdmitted', ...member, origin: stamps }]
      const newer = newerFields('members', own, merged)
      if (!newer) return []
      const { nodeId, friendlyName, ownName, drained } = member
      const drains = drained !== own.value.drained && { drained: drained ?? false }
      return [
        {
          type: 'MemberUpdated',
          ...{ nodeId, friendlyName, ...(ownName !== undefined && { ownName }), ...drains },
          origin: { fields: newer.fields },
        },
      ]
    })
  }

  private metaInstances(): Event[] {
    const { state } = this
    // Temporary declarations are not imported: a request creates them again where they are needed.
    const kept = Object.fromEntries(
      Object.entries(this.merged.metaInstances).filter(
        ([id, { value }]) => id in state.metaInstances || value.onRequest === undefined,
      ),
    )
    return Object.entries(withNamesOfTheirOwn(kept, state)).flatMap(([id, { value: wanted, stamps }]): Event[] => {
      const value = sound(wanted)
      const own = this.own.metaInstances[id]
      if (!own) {
        const metaInstance = { ...value, generation: 0, consecutiveFailures: 0, replacements: 0 }
        return [{ type: 'MetaInstanceCreated', metaInstance, origin: stamps }]
      }
      const newer = newerFields('metaInstances', own, { value, stamps })
      if (!newer) return []
      const { metaInstanceId } = value
      const changes = MetaInstanceChanges.parse(newer.changes)
      return [{ type: 'MetaInstanceUpdated', metaInstanceId, changes, origin: { fields: newer.fields } }]
    })
  }

  private apiKeys(): Event[] {
    return Object.entries(this.merged.apiKeys).flatMap(([id, merged]): Event[] => {
      const { value: apiKey, stamps } = merged
      const own = this.own.apiKeys[id]
      if (!own) return [{ type: 'ApiKeyCreated', apiKey, origin: stamps }]
      const newer = newerFields('apiKeys', own, merged)
      if (!newer) return []
      const { name, limits } = newer.changes
      const changes = ApiKeyChanges.parse({
        ...('name' in newer.changes && { name }),
        ...('limits' in newer.changes && { limits }),
      })
      return [{ type: 'ApiKeyUpdated', apiKeyId: apiKey.apiKeyId, changes, origin: { fields: newer.fields } }]
    })
  }

  private settings(): Event[] {
    const { own, merged } = this
    const newer = own.settings && merged.settings && newerFields('settings', own.settings, merged.settings)
    if (!newer) return []
    return Object.entries(newer.changes).flatMap(([key, value]): Event[] => {
      // A cluster keeps its founding id.
      if (value === null || (key === 'clusterId' && this.state.settings.clusterId !== undefined)) return []
      const stamp = newer.fields[key]
      const change = SettingChange.parse({ key, value })
      return [{ type: 'SettingChanged', change, ...(stamp && { origin: { fields: { [key]: stamp } } }) }]
    })
  }
}

/** Returns the events that merge another side's declarations into this state; none if it has them all. */
export const decideMerge = (state: State, unmerged: UnmergedDeclarations): Event[] =>
  new Merging(state, unmerged).events()
