import { z } from 'zod'
import { Timestamp } from '../ids'

/** The last moment that JavaScript's dates know: a stamp beyond it is nobody's clock. */
const LATEST_STAMP = 8.64e15
const StampTime = Timestamp.max(LATEST_STAMP)

/**
 * When and where something was declared: by the leader's clock, which never runs back, then by the event's index, then
 * by the node that led. Only stamps of one event are equal.
 */
export const Stamp = z.object({
  at: StampTime,
  index: z.number().int().nonnegative(),
  /** Empty where nobody is known to have led: in a log without terms. */
  node: z.string().max(200),
})
export type Stamp = z.infer<typeof Stamp>

/** Positive where `a` is newer than `b`. */
export const compareStamps = (a: Stamp, b: Stamp): number =>
  a.at - b.at || a.index - b.index || (a.node === b.node ? 0 : a.node < b.node ? -1 : 1)

/** What overwrites a write is newer than it, also where the clock that the earlier one was stamped by is ahead. */
export const stampAfter = (known: Stamp, now: Stamp): Stamp =>
  compareStamps(now, known) > 0 ? now : { ...now, at: Math.min(known.at + 1, LATEST_STAMP) }

/** Of one declaration, key, member, or of all settings: when it was made, and which fields were written since. */
export const EntityStamps = z.object({ created: Stamp, fields: z.record(z.string(), Stamp) })
export type EntityStamps = z.infer<typeof EntityStamps>

/** What a merge brought was declared before, elsewhere: its stamps then, in the place of the envelope's. */
export const Origin = z.object({
  created: Stamp.optional(),
  fields: z.record(z.string(), Stamp).optional(),
  removed: StampTime.optional(),
})
export type Origin = z.infer<typeof Origin>

export type Kind = 'metaInstance' | 'apiKey' | 'member'

/** Where the state keeps the stamps of an entity. */
export const stampKey = (kind: Kind, id: string): string => `${kind} ${id}`
export const SETTINGS_KEY = 'settings'

export const epochStamp: Stamp = { at: 0, index: 0, node: '' }

/** When a field was last written. */
export const fieldStamp = ({ created, fields }: EntityStamps, field: string): Stamp => fields[field] ?? created

/**
 * Positive where `a` is the newer write of a field. Whatever was written since a thing was made is newer than its
 * making: two sides that both made it did so by the same command, and one of them may have done it late.
 */
export const compareWrites = (a: EntityStamps, b: EntityStamps, field: string): number => {
  const [own, other] = [a.fields[field], b.fields[field]]
  if (own && other) return compareStamps(own, other)
  return own ? 1 : other ? -1 : compareStamps(a.created, b.created)
}
