import type { Timestamp } from '../ids'
import { compareStamps, type Stamp } from '../state/stamp'
import type { UnmergedDeclarations } from './unmerged'
import type { Declared, Stamped } from './declared'

/** A clock that is this far ahead of the leader's, in milliseconds, is broken rather than wrong. */
const MAX_AHEAD_MS = 365 * 24 * 3_600_000

export interface Plausible {
  readonly unmerged: UnmergedDeclarations
  /** The leaders whose stamps were beyond reason. */
  readonly implausible: readonly string[]
}

/**
 * Counts stamps that are beyond reason as made now: no later change could ever be newer than one of the last day that a
 * clock can tell. What was declared is kept.
 */
export const plausible = (unmerged: UnmergedDeclarations, now: Timestamp): Plausible => {
  const latest: Stamp = { at: now + MAX_AHEAD_MS, index: Number.MAX_SAFE_INTEGER, node: '' }
  const nodes = new Set<string>()
  const bounded = (stamp: Stamp): Stamp => {
    if (compareStamps(stamp, latest) <= 0) return stamp
    nodes.add(stamp.node)
    return { ...stamp, at: now }
  }
  const entity = <Value>({ value, stamps: { created, fields } }: Stamped<Value>): Stamped<Value> => ({
    value,
    stamps: { created: bounded(created), fields: mapped(fields, bounded) },
  })
  const removals = (removed: Readonly<Record<string, Timestamp>>): Record<string, Timestamp> =>
    mapped(removed, (at) => (at > latest.at ? now : at))
  const { metaInstances, apiKeys, members, settings, removed } = unmerged.declared
  const declared: Declared = {
    metaInstances: mapped(metaInstances, entity),
    apiKeys: mapped(apiKeys, entity),
    members: mapped(members, entity),
    ...(settings && { settings: entity(settings) }),
    removed: {
      metaInstances: removals(removed.metaInstances),
      apiKeys: removals(removed.apiKeys),
      members: removals(removed.members),
    },
  }
  return { unmerged: { common: unmerged.common, declared }, implausible: [...nodes] }
}

const mapped = <Value>(family: Readonly<Record<string, Value>>, map: (value: Value) => Value): Record<string, Value> =>
  Object.fromEntries(Object.entries(family).map(([id, value]) => [id, map(value)]))
