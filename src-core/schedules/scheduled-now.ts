import { elapsed, epochMs, later, type WallTime, wallTime } from '../time/clocks'
import { Day, type Hours, type Scheduled } from './hours'
import { dayNumber, instantOf, localTime } from './time-zone'

/**
 * Evaluates the hours of a declaration at a moment.
 *
 * 1. An entry applies from `from` to just before `to`, on the next day unless `to` is after `from`; `days` are the days
 * on which it starts.
 * 2. Of overlapping entries the first applies, with its machines.
 * 3. Local times are resolved as in RFC 5545 (`instantOf`), so an entry applies once a day even when clocks change.
 */

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** A week, plus a day for an entry that extends into the next. */
const DAYS_AHEAD = 8
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 3

interface Span {
  readonly entry: Hours
  readonly start: WallTime
  readonly end: WallTime
}

const millisecondsOfDay = (text: string): number => {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return (hour * 60 + minute) * MINUTE_MS
}

const weekday = (day: number): Day | undefined => Day.options[(day + FIRST_WEEKDAY) % Day.options.length]

/** Returns the intervals of an entry around a moment. */
const spansOf = (entry: Hours, wall: WallTime): Span[] => {
  const { timeZone, days = Day.options } = entry
  const [from, to] = [millisecondsOfDay(entry.from), millisecondsOfDay(entry.to)]
  const today = dayNumber(localTime(timeZone, epochMs(wall)))
  const spans: Span[] = []
  for (let day = today - 2; day <= today + DAYS_AHEAD; day += 1) {
    const name = weekday(day)
    if (name === undefined || !days.includes(name)) continue
    const start = wallTime(instantOf(timeZone, day * DAY_MS + from))
    const end = wallTime(instantOf(timeZone, (to > from ? day : day + 1) * DAY_MS + to))
    spans.push({ entry, start, end })
  }
  return spans
}

const entryAt = (spans: readonly Span[], at: WallTime): Hours | undefined =>
  spans.find(({ start, end }) => start <= at && at < end)?.entry

const sameOutcome = (a: Hours | undefined, b: Hours | undefined): boolean =>
  (a === undefined) === (b === undefined) && a?.nodeIds?.join() === b?.nodeIds?.join()

const evaluate = (hours: readonly Hours[], wall: WallTime): Scheduled => {
  const spans = hours.flatMap((entry) => spansOf(entry, wall))
  const now = entryAt(spans, wall)
  const changes = [...new Set(spans.flatMap(({ start, end }) => [start, end]))]
    .filter((at) => at > wall && elapsed(wall, at) <= DAYS_AHEAD * DAY_MS)
    .sort((a, b) => elapsed(b, a))
  const until = changes.find((at) => !sameOutcome(entryAt(spans, at), now))
  return {
    on: now !== undefined,
    ...(now?.nodeIds && { nodeIds: now.nodeIds }),
    ...(until !== undefined && { until }),
  }
}

/** Caches each outcome until it changes: time zone look-ups are slow, and every reconcile pass needs them. */
const cache = new WeakMap<readonly Hours[], { readonly from: WallTime; readonly outcome: Scheduled }>()

/** Cache lifetime of an outcome that never changes. */
const RECHECK_MS = DAY_MS

/** Evaluates the hours at a wall-clock time; undefined if this runtime does not know a time zone. */
export const scheduledNow = (hours: readonly Hours[], wall: WallTime): Scheduled | undefined => {
  const before = cache.get(hours)
  if (before && before.from <= wall && wall < (before.outcome.until ?? later(before.from, RECHECK_MS)))
    return before.outcome
  try {
    const outcome = evaluate(hours, wall)
    cache.set(hours, { from: wall, outcome })
    return outcome
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
