import { z } from 'zod'
import { Timestamp } from '../ids'

/**
 * When and where something was declared: by the leader's clock, which never runs back, then by the event's index, then
 * by the node that led. Only stamps of one event are equal.
 */
export const Stamp = z.object({
  at: Timestamp,
  index: z.number().int().nonnegative(),
  /** Empty where nobody is known to have led: in a log without terms. */
  node: z.string().max(200),
})
export type Stamp = z.infer<typeof Stamp>

/** Positive where `a` is newer than `b`. */
export const compareStamps = (a: Stamp, b: Stamp): number =>
  a.at - b.at || a.index - b.index || (a.node === b.node ? 0 : a.node < b.node ? -1 : 1)

/** Of one declaration, key, member, or of all settings: when it was made, and which fields were written since. */
export const EntityStamps = z.object({ created: Stamp, fields: z.record(z.string(), Stamp) })
export type EntityStamps = z.infer<typeof EntityStamps>

/** What a merge brought was declared before, elsewhere: its stamps then, in the place of the envelope's. */
export const Origin = z.object({
  created: Stamp.optional(),
  fields: z.record(z.string(), Stamp).optional(),
  removed: Timestamp.optional(),
})
export type Origin = z.infer<typeof Origin>

export type Kind = 'metaInstance' | 'apiKey' | 'member'

/** Where the state keeps the stamps of an entity. */
export const stampKey = (kind: Kind, id: string): string => `${kind} ${id}`
export const SETTINGS_KEY = 'settings'

export const epochStamp: Stamp = { at: 0, index: 0, node: '' }

/** When a field was last written. */
export const fieldStamp = ({ created, fields }: EntityStamps, field: string): Stamp => fields[field] ?? created
