import { z } from 'zod'
import { NodeId, Timestamp } from '../ids'
import { GivenMachines } from '../identity/given-machines'
import type { WallTime } from '../time/clocks'

export const Day = z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])
export type Day = z.infer<typeof Day>

/** `09:00`, on a 24-hour clock. */
export const TimeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'write a time as 09:00 or 18:30')

const span = {
  /** Days on which it starts; absent: every day. */
  days: z.array(Day).min(1).max(7).optional(),
  from: TimeOfDay,
  /** On the following day if it is not later than `from`. */
  to: TimeOfDay,
}

/** Weekly hours in which a declaration is in memory. */
export const Hours = z.object({
  ...span,
  /** Time zone of the IANA database: `Europe/Berlin`. */
  timeZone: z.string().min(1).max(100),
  /** Machines to use during these hours instead of the declaration's own. */
  nodeIds: z.array(NodeId).min(1).optional(),
})
export type Hours = z.infer<typeof Hours>

/** Longer lists would be unreadable for people. */
const MAX_HOURS = 20

/** All hours of a declaration; if two overlap, the first applies. */
export const HoursList = z.array(Hours).min(1).max(MAX_HOURS)

/** Names only: offsets such as `+02:00` have no daylight saving time, and not every runtime supports them. */
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

/** Hours as requests give them: no unknown fields, and a time zone that this runtime knows. */
export const GivenHours = z
  .array(z.strictObject({ ...span, timeZone: GivenTimeZone, nodeIds: GivenMachines.optional() }))
  .min(1)
  .max(MAX_HOURS)

/** The same in a declaration file, with machines by name. */
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
export const HoursDocuments = z.array(HoursDocument).min(1).max(MAX_HOURS)

/** Stored and sent as a number; to the compiler it is no time of the leader's clock. */
const StoredWallTime = Timestamp as unknown as z.ZodType<WallTime, WallTime>

/** Result of evaluating the hours, as last decided by the leader's wall clock. */
export const Scheduled = z.object({
  on: z.boolean(),
  /** Machines of the current hours. */
  nodeIds: z.array(NodeId).min(1).optional(),
  /** Time of the next change; absent if there is none. Wall-clock time, unlike all other times in the state. */
  until: StoredWallTime.optional(),
  /** Outside its hours, a request has loaded it; it ends after this idle time. */
  woken: z.object({ idleSeconds: z.number().nonnegative().optional() }).optional(),
})
export type Scheduled = z.infer<typeof Scheduled>
