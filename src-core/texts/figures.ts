import type { Translator } from './translator'

const GIGABYTE = 1e9
const MEGABYTE = 1e6

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Sizes from here on are shown in this unit: those just below it would be rounded to a thousand of the smaller one. */
const GIGABYTES_FROM = GIGABYTE - MEGABYTE / 2
const MEGABYTES_FROM = MEGABYTE - 500

/** The parts of the time per token, see {@link Figures.tokenTime}. */
export interface TokenTime {
  readonly readingMs: number
  readonly layersMs: number
  readonly linksMs: number
}

/** Formats sizes, times and speeds in one language. */
export interface Figures {
  /** `12,400`; with this many decimals. */
  readonly number: (value: number, digits?: number) => string
  /** `8.2 GB`, `142 GB`, `740 KB`. */
  readonly bytes: (bytes: number) => string
  /** `142 GB`, `6.2 GB`, `0.54 GB`: with as many digits as needed to distinguish sizes. */
  readonly gigabytes: (bytes: number) => string
  /** `3.1 of 8.0 GB`: a part in the unit of the whole. */
  readonly part: (bytes: number, total: number) => string
  /** `45 %` of a part from 0 to 1. */
  readonly percent: (part: number) => string
  /** `950`, `12,400`, `1.2 million`. */
  readonly count: (count: number) => string
  /** `just now`, `4 min ago`, `2 h ago`, `3 d ago`, from two times in milliseconds. */
  readonly ago: (then: number, now: number) => string
  /** `40 s`, `12 min`, `6 h 12 min`, `3 d 4 h`. */
  readonly duration: (milliseconds: number) => string
  /** `34 tokens/s`, with another digit for slow speeds. */
  readonly speed: (tokensPerSecond: number) => string
  /** `34`, `7.5`: the number of a speed. */
  readonly speedValue: (tokensPerSecond: number) => string
  /** `2.9 ms a token: 2.4 reading weights, 0.3 starting layers, 0.2 between machines`. */
  readonly tokenTime: (time: TokenTime) => string
}

export const figuresOf = ({ language, text }: Translator): Figures => {
  const formats = new Map<number, Intl.NumberFormat>()
  const number = (value: number, digits = 0): string => {
    const format =
      formats.get(digits) ??
      new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    formats.set(digits, format)
    return format.format(value)
  }
  const twoDigits = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 })
  const rounded = (value: number, unit: number): string => number(Math.round(value / unit))
  /** With a decimal where the number as rounded is below ten: `9.9`, `10`. */
  const short = (value: number): string => number(value, value >= 9.95 ? 0 : 1)
  const speedValue = short
  return {
    number,
    bytes: (bytes) => {
      if (bytes >= GIGABYTES_FROM) return text('figures.gigabytes', { value: short(bytes / GIGABYTE) })
      return bytes >= MEGABYTES_FROM
        ? text('figures.megabytes', { value: rounded(bytes, MEGABYTE) })
        : text('figures.kilobytes', { value: rounded(bytes, 1000) })
    },
    gigabytes: (bytes) => {
      const value = bytes / GIGABYTE
      return text('figures.gigabytes', { value: value >= 10 ? number(value) : twoDigits.format(value) })
    },
    part: (bytes, total) =>
      total >= GIGABYTES_FROM
        ? text('figures.partOfGigabytes', { part: number(bytes / GIGABYTE, 1), total: number(total / GIGABYTE, 1) })
        : text('figures.partOfMegabytes', { part: rounded(bytes, MEGABYTE), total: rounded(total, MEGABYTE) }),
    percent: (part) => text('figures.percent', { value: number(100 * part) }),
    count: (count) =>
      count >= 1e6 ? text('figures.millions', { value: number(count / 1e6, count >= 1e8 ? 0 : 1) }) : number(count),
    ago: (then, now) => {
      const passed = Math.max(0, now - then)
      if (passed < 10 * SECOND) return text('figures.justNow')
      // Half a unit before the next larger one: 59.6 minutes would be rounded to 60.
      if (passed < MINUTE - SECOND / 2) return text('figures.secondsAgo', { value: rounded(passed, SECOND) })
      if (passed < HOUR - MINUTE / 2) return text('figures.minutesAgo', { value: rounded(passed, MINUTE) })
      return passed < DAY - HOUR / 2
        ? text('figures.hoursAgo', { value: rounded(passed, HOUR) })
        : text('figures.daysAgo', { value: rounded(passed, DAY) })
    },
    duration: (milliseconds) => {
      const passed = Math.max(0, milliseconds)
      const whole = (unit: number): number => Math.floor(passed / unit)
      if (passed < MINUTE) return text('figures.seconds', { value: whole(SECOND) })
      if (passed < HOUR) return text('figures.minutes', { value: whole(MINUTE) })
      return passed < DAY
        ? text('figures.hoursMinutes', { hours: whole(HOUR), minutes: Math.floor((passed % HOUR) / MINUTE) })
        : text('figures.daysHours', { days: number(whole(DAY)), hours: Math.floor((passed % DAY) / HOUR) })
    },
    speed: (tokensPerSecond) => text('figures.speed', { value: speedValue(tokensPerSecond) }),
    speedValue,
    tokenTime: ({ readingMs, layersMs, linksMs }) => {
      const values = {
        all: short(readingMs + layersMs + linksMs),
        reading: short(readingMs),
        layers: short(layersMs),
      }
      return linksMs > 0
        ? text('figures.tokenTimeWithLinks', { ...values, links: short(linksMs) })
        : text('figures.tokenTime', values)
    },
  }
}
