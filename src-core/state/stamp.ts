import { z } from 'zod'
import { LATEST_TIMESTAMP, Timestamp } from '../ids'

/**
 * When and where something was declared. Ordered by the leader's clock (monotonic within a log), then by the event's
 * index, then by the leading node. Only stamps of the same event are equal.
 */
export const Stamp = z.object({
  at: Timestamp,
  index: z.number().int().nonnegative(),
  /** Empty if the leader is unknown, as in a log without terms. */
  node: z.string().max(200),
})
export type Stamp = z.infer<typeof Stamp>

/** Positive if `a` is newer than `b`. */
export const compareStamps = (a: Stamp, b: Stamp): number =>
  a.at - b.at || a.index - b.index || (a.node === b.node ? 0 : a.node < b.node ? -1 : 1)

/** Returns a stamp newer than the one it overwrites, even if that one's clock was ahead. */
export const stampAfter = (known: Stamp, now: Stamp): Stamp =>
  compareStamps(now, known) > 0 ? now : { ...now, at: Math.min(known.at + 1, LATEST_TIMESTAMP) }

/** Stamps of one declaration, key or member, or of all settings: its creation and the last write of each field. */
export const EntityStamps = z.object({ created: Stamp, fields: z.record(z.string(), Stamp) })
export type EntityStamps = z.infer<typeof EntityStamps>

/**
 * Stamps of a write that a merge brought in, used instead of the envelope's: it was made earlier, on the other side.
 */
export const Origin = z.object({
  created: Stamp.optional(),
  fields: z.record(z.string(), Stamp).optional(),
  removed: Timestamp.optional(),
})
export type Origin = z.infer<typeof Origin>

export type Kind = 'metaInstance' | 'apiKey' | 'member'

/** Key of an entity's stamps in the state. */
export const stampKey = (kind: Kind, id: string): string => `${kind} ${id}`
export const SETTINGS_KEY = 'settings'

export const epochStamp: Stamp = { at: 0, index: 0, node: '' }

/** When a field was last written. */
export const fieldStamp = ({ created, fields }: EntityStamps, field: string): Stamp => fields[field] ?? created

/**
 * Positive if `a` is the newer write of a field. A write to a field is newer than any creation: if both sides have the
 * entity, both executed the same command, one of them possibly late.
 */
export const compareWrites = (a: EntityStamps, b: EntityStamps, field: string): number => {
  const [own, other] = [a.fields[field], b.fields[field]]
  if (own && other) return compareStamps(own, other)
  return own ? 1 : other ? -1 : compareStamps(a.created, b.created)
}
