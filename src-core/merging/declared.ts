import { z } from 'zod'
import { Timestamp } from '../ids'
import { ClusterSettings } from '../settings/cluster'
import { ApiKey } from '../state/api-keys'
import { Member } from '../state/members'
import { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { EntityStamps, epochStamp, SETTINGS_KEY, stampKey, type Kind, type Stamp } from '../state/stamp'

/** The declared part of a meta-instance: without placements, retries and counters, which belong to the leader. */
export const DeclaredMetaInstance = MetaInstance.omit({
  generation: true,
  placementError: true,
  consecutiveFailures: true,
  lastFailureError: true,
  lastFailure: true,
  failedNodeIds: true,
  cannotLoad: true,
  replacements: true,
  nextAttemptAt: true,
  schedule: true,
})
export type DeclaredMetaInstance = z.infer<typeof DeclaredMetaInstance>

/** A value whose fields are last-writer-wins registers, each with a stamp. */
export interface Stamped<Value> {
  readonly value: Value
  readonly stamps: EntityStamps
}
const stamped = <Value extends z.ZodType>(value: Value) => z.object({ value, stamps: EntityStamps })
const removals = z.record(z.string(), Timestamp)

/**
 * All declarations as registers and tombstones, the input of `merge`. A tombstone overrides every creation that is not
 * newer.
 */
export const Declared = z.object({
  metaInstances: z.record(z.string(), stamped(DeclaredMetaInstance)),
  apiKeys: z.record(z.string(), stamped(ApiKey)),
  members: z.record(z.string(), stamped(Member)),
  /** Absent when a machine joins another cluster. */
  settings: stamped(ClusterSettings).optional(),
  removed: z.object({ metaInstances: removals, apiKeys: removals, members: removals }),
})
export type Declared = z.infer<typeof Declared>

const declaredPart = (metaInstance: MetaInstance): DeclaredMetaInstance => DeclaredMetaInstance.parse(metaInstance)

const stampsIn = ({ stamps = {} }: State, kind: Kind, id: string, madeAt: Timestamp): EntityStamps =>
  stamps[stampKey(kind, id)] ?? { created: { ...epochStamp, at: madeAt }, fields: {} }

const mapped = <Value, Mapped>(
  family: Readonly<Record<string, Value>>,
  map: (value: Value, id: string) => Mapped,
): Record<string, Mapped> => Object.fromEntries(Object.entries(family).map(([id, value]) => [id, map(value, id)]))

/**
 * Extracts the declarations of a state. An id is never used by two kinds, so each tombstone can be listed under all of
 * them.
 */
export const declaredOf = (state: State): Declared => ({
  metaInstances: mapped(state.metaInstances, (one, id) => ({
    value: declaredPart(one),
    stamps: stampsIn(state, 'metaInstance', id, one.createdAt),
  })),
  apiKeys: mapped(state.apiKeys, (value, id) => ({ value, stamps: stampsIn(state, 'apiKey', id, value.createdAt) })),
  members: mapped(state.members, (value, id) => ({ value, stamps: stampsIn(state, 'member', id, value.admittedAt) })),
  settings: { value: state.settings, stamps: state.stamps?.[SETTINGS_KEY] ?? { created: epochStamp, fields: {} } },
  removed: {
    metaInstances: { ...state.retired },
    apiKeys: { ...state.retired },
    members: { ...state.retired },
  },
})

/** Creation stamps by stamp key. */
export const creations = ({ metaInstances, apiKeys, members }: Declared): Record<string, Stamp> =>
  Object.fromEntries(
    [
      Object.entries(metaInstances).map(([id, { stamps }]) => [stampKey('metaInstance', id), stamps.created] as const),
      Object.entries(apiKeys).map(([id, { stamps }]) => [stampKey('apiKey', id), stamps.created] as const),
      Object.entries(members).map(([id, { stamps }]) => [stampKey('member', id), stamps.created] as const),
    ].flat(),
  )
