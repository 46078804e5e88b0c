import type { Timestamp } from '../ids'

const DAY_MS = 86_400_000
const SECOND_MS = 1000

const formats = new Map<string, Intl.DateTimeFormat>()

/** Throws RangeError for a time zone that this runtime does not know. */
const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone)
  if (known) return known
  const [hourCycle, calendar] = ['h23', 'gregory'] as const
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
  const made = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle, calendar, ...numeric, second: 'numeric' })
  formats.set(timeZone, made)
  return made
}

/** Returns the local time in a zone as milliseconds since 1970, as if the local clock showed UTC. */
export const localTime = (timeZone: string, at: Timestamp): number => {
  const part = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % SECOND_MS) + SECOND_MS) % SECOND_MS)
}

const offsetAt = (timeZone: string, at: Timestamp): number => localTime(timeZone, at) - at

/**
 * Returns the moment at which a zone's clock shows a local time. As in RFC 5545: of a time that occurs twice the first,
 * and a skipped time is resolved with the offset before the gap.
 */
export const instantOf = (timeZone: string, local: number): Timestamp => {
  const [before, after] = [offsetAt(timeZone, local - DAY_MS), offsetAt(timeZone, local + DAY_MS)]
  const shown = [local - before, local - after].filter((at) => localTime(timeZone, at) === local)
  return shown.length > 0 ? Math.min(...shown) : local - before
}

/** Days since 1970 of a local time. */
export const dayNumber = (local: number): number => Math.floor(local / DAY_MS)
