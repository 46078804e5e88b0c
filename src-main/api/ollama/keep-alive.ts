import { z } from 'zod'

const MILLISECONDS = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g
const DURATION = /^[+-]?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/

const isUnit = (unit: string | undefined): unit is keyof typeof MILLISECONDS =>
  unit !== undefined && Object.hasOwn(MILLISECONDS, unit)

const durationOf = (text: string): number => {
  const parts = [...text.matchAll(PART)].map(([, count, unit]) =>
    isUnit(unit) ? Number(count) * MILLISECONDS[unit] : 0,
  )
  return parts.reduce((sum, part) => sum + part, 0)
}

/** A hundred years in milliseconds. Longer values mean forever, which avoids dates that clients cannot parse. */
const LONGEST_MS = 100 * 365.25 * 24 * 3_600_000

const millisecondsOf = (given: number | string): number => {
  if (typeof given === 'number') return given * 1000
  return NUMBER.test(given) ? Number(given) * 1000 : durationOf(given)
}

/**
 * Parses `keep_alive`, the time a model stays in memory after its last request, into milliseconds: `"5m"`, `"1h30m"`,
 * or seconds as a number or numeric string. Negative values and more than a century mean forever.
 */
export const KeepAlive = z
  .union([
    z.number(),
    z.string().refine((text) => NUMBER.test(text) || DURATION.test(text), {
      error: 'must be seconds, or a duration such as "5m"',
    }),
  ])
  .transform((given) => {
    if (typeof given === 'string' && given.startsWith('-')) return Infinity
    const milliseconds = millisecondsOf(given)
    return milliseconds < 0 || milliseconds > LONGEST_MS ? Infinity : milliseconds
  })
