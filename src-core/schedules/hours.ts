import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'

export const Day = z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])
export type Day = z.infer<typeof Day>

/** `09:00`, on a clock of 24 hours. */
export const TimeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'write a time as 09:00 or 18:30')

const span = {
  /** On which days it begins; absent: every day. */
  days: z.array(Day).min(1).max(7).optional(),
  from: TimeOfDay,
  /** On the next day where it is not after `from`. */
  to: TimeOfDay,
}

/** A time of the week in which a declaration is in memory. */
export const Hours = z.object({
  ...span,
  /** Whose clock is meant, as in the IANA database: `Europe/Berlin`. */
  timeZone: z.string().min(1).max(100),
  /** The machines during this time, in place of those that the declaration names. */
  nodeIds: z.array(NodeId).min(1).optional(),
})
export type Hours = z.infer<typeof Hours>

/** More than this is no plan that people keep in mind. */
const MOST_HOURS = 20

/** All times of a declaration; where two of them overlap, the first one counts. */
export const HoursList = z.array(Hours).min(1).max(MOST_HOURS)

/** Names only: offsets such as `+02:00` know no daylight saving time, and not every runtime reads them. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+\-/]*$/

const isTimeZone = (name: string): boolean => {
  try {
    return ZONE_NAME.test(name) && new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

const GivenTimeZone = z
  .string()
  .max(100)
  .refine(isTimeZone, 'there is no such time zone; write it as in the IANA database, such as Europe/Berlin or UTC')

/** Times as a request gives them: nothing unknown, and a time zone that is known here. */
export const GivenHours = z
  .array(z.strictObject({ ...span, timeZone: GivenTimeZone, nodeIds: Hours.shape.nodeIds }))
  .min(1)
  .max(MOST_HOURS)

/** The same in a file, with machines as people call them. */
export const HoursDocument = z.strictObject({
  days: span.days.describe('On which days it begins; every day without it.'),
  from: span.from.describe('When it begins, as 09:00.'),
  to: span.to.describe('When it ends, as 18:00; on the next day where it is not after the beginning.'),
  timeZone: GivenTimeZone.describe('Whose clock is meant, as in the IANA database: Europe/Berlin.'),
  machines: z
    .array(z.string().min(1).max(200))
    .min(1)
    .optional()
    .describe('During this time these machines and no others, by name or id.'),
})
export type HoursDocument = z.infer<typeof HoursDocument>
export const HoursDocuments = z.array(HoursDocument).min(1).max(MOST_HOURS)

/** What its hours come to, as the leader last decided by its wall clock. */
export const Scheduled = z.object({
  on: z.boolean(),
  /** The machines that the present time names. */
  nodeIds: z.array(NodeId).min(1).optional(),
  /** When this changes next; absent where it never does. By the wall clock, unlike all other times of the state. */
  until: Timestamp.optional(),
  /** Outside its hours a request loaded it all the same: until nobody has asked for so long. */
  woken: z.object({ idleSeconds: z.number().nonnegative().optional() }).optional(),
})
export type Scheduled = z.infer<typeof Scheduled>
