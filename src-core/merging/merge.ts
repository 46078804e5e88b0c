import type { Timestamp } from '../ids'
import type { Declared, Stamped } from './declared'
import { compareStamps, compareWrites, type EntityStamps } from '../state/stamp'
import { canonical } from '../state/canonical'

/**
 * Merges each field to its newer write. Equal stamps with different values arise only from the number appended to a
 * name that was taken; then the text that sorts first wins.
 */
const mergeStamped = <Value extends object>(a: Stamped<Value>, b: Stamped<Value>): Stamped<Value> => {
  const created = compareStamps(a.stamps.created, b.stamps.created) >= 0 ? a.stamps.created : b.stamps.created
  const value: Partial<Value> = {}
  const fields: EntityStamps['fields'] = {}
  const names = [a.value, b.value, a.stamps.fields, b.stamps.fields].flatMap((one) => Object.keys(one))
  for (const name of [...new Set(names)].sort()) {
    const field = name as keyof Value & string
    const newer = compareWrites(a.stamps, b.stamps, field)
    const tie = newer === 0 && canonical(a.value[field]) <= canonical(b.value[field])
    const { value: from, stamps } = newer > 0 || tie ? a : b
    if (from[field] !== undefined) value[field] = from[field]
    const written = stamps.fields[field]
    if (written) fields[field] = written
  }
  // Every field comes from one of two complete values.
  return { value: value as Value, stamps: { created, fields } }
}

type Family<Value> = Readonly<Record<string, Value>>

const union = <Value>(
  a: Family<Value>,
  b: Family<Value>,
  join: (a: Value, b: Value) => Value,
): Record<string, Value> => {
  const all: Record<string, Value> = { ...a }
  for (const [id, theirs] of Object.entries(b)) {
    const own = a[id]
    all[id] = own === undefined ? theirs : join(own, theirs)
  }
  return all
}

/** For entities that can be admitted again under the same id (machines): only the latest creation counts. */
const latestCreation = <Value extends object>(a: Stamped<Value>, b: Stamped<Value>): Stamped<Value> => {
  const later = compareStamps(a.stamps.created, b.stamps.created)
  return later === 0 ? mergeStamped(a, b) : later > 0 ? a : b
}

/**
 * For entities created once, whose id comes from the creating command: if both sides executed it, both created the same
 * entity and the changes of both count. A removal is final.
 */
const createdOnce = <Value extends object>(
  a: Family<Stamped<Value>>,
  b: Family<Stamped<Value>>,
  removed: Family<Timestamp>,
): Record<string, Stamped<Value>> =>
  Object.fromEntries(Object.entries(union(a, b, mergeStamped)).filter(([id]) => !(id in removed)))

/** For entities that can be created again: present if created after their removal. */
const recreatable = <Value extends object>(
  a: Family<Stamped<Value>>,
  b: Family<Stamped<Value>>,
  removed: Family<Timestamp>,
): Record<string, Stamped<Value>> =>
  Object.fromEntries(
    Object.entries(union(a, b, latestCreation)).filter(([id, { stamps }]) => stamps.created.at > (removed[id] ?? -1)),
  )

/**
 * Joins the declarations of two sides. Commutative, associative and idempotent, so it does not matter who merges or how
 * often. The newer write of each register wins. A removal wins over everything created before it, or over everything if
 * the entity is created only once.
 */
export const merge = (a: Declared, b: Declared): Declared => {
  const removed = {
    metaInstances: union(a.removed.metaInstances, b.removed.metaInstances, Math.max),
    apiKeys: union(a.removed.apiKeys, b.removed.apiKeys, Math.max),
    members: union(a.removed.members, b.removed.members, Math.max),
  }
  return {
    metaInstances: createdOnce(a.metaInstances, b.metaInstances, removed.metaInstances),
    apiKeys: createdOnce(a.apiKeys, b.apiKeys, removed.apiKeys),
    members: recreatable(a.members, b.members, removed.members),
    settings: a.settings && b.settings ? mergeStamped(a.settings, b.settings) : (a.settings ?? b.settings),
    removed,
  }
}
