import type { NodeId } from '../ids'
import { epochMs, type WallTime } from '../time/clocks'
import { Day, type Hours } from './hours'
import { dayNumber, localTime } from './time-zone'

const DAYS_A_WEEK = Day.options.length

/** Words of one language for hours. */
export interface HoursWords {
  readonly everyDay: string
  readonly day: (day: Day) => string
  /** `Mon–Fri 09:00–18:00 on MacBook Pro`. */
  readonly on: (time: string, machines: string) => string
  /** Separator of list items. */
  readonly comma: string
}

const ENGLISH: HoursWords = {
  everyDay: 'every day',
  day: (day) => day,
  on: (time, machines) => `${time} on ${machines}`,
  comma: ', ',
}

/** `Mon–Fri`, `Mon, Wed`, `every day`. */
const daysText = (days: readonly Day[] = Day.options, { everyDay, day: named, comma } = ENGLISH): string => {
  const held = Day.options.map((day) => days.includes(day))
  if (held.every(Boolean)) return everyDay
  const runs: Day[][] = []
  Day.options.forEach((day, index) => {
    if (!held[index]) return
    const run = runs.at(-1)
    if (run !== undefined && held[index - 1]) run.push(day)
    else runs.push([day])
  })
  return runs
    .map((run) => run.map(named))
    .map((run) => (run.length > 2 ? `${run[0] ?? ''}–${run.at(-1) ?? ''}` : run.join(comma)))
    .join(comma)
}

/** `Mon–Fri 09:00–18:00 on MacBook Pro, every day 18:00–09:00 (Europe/Berlin)`. */
export const hoursText = (
  hours: readonly Hours[],
  nameOf: (nodeId: NodeId) => string,
  words: HoursWords = ENGLISH,
): string => {
  const zones = [...new Set(hours.map(({ timeZone }) => timeZone))]
  const entries = hours.map(({ days, from, to, timeZone, nodeIds }) => {
    const time = `${daysText(days, words)} ${from}–${to}${zones.length > 1 ? ` ${timeZone}` : ''}`
    return nodeIds ? words.on(time, nodeIds.map(nameOf).join(words.comma)) : time
  })
  return `${entries.join(words.comma)}${zones.length === 1 ? ` (${zones.join('')})` : ''}`
}

/** `Mon 09:00 (Europe/Berlin)`; in UTC if this runtime does not know the time zone. */
export const momentText = (timeZone: string, at: WallTime): string => {
  try {
    const local = localTime(timeZone, epochMs(at))
    const day = Day.options[(dayNumber(local) + 3) % DAYS_A_WEEK] ?? ''
    return `${day} ${new Date(local).toISOString().slice(11, 16)} (${timeZone})`
  } catch (error) {
    if (error instanceof RangeError)
      return `${new Date(epochMs(at)).toISOString().slice(0, 16).replace('T', ' ')} (UTC)`
    throw error
  }
}
