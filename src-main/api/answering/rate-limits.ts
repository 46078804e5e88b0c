import type { Standing, Standings, Verdict } from '@core/keys/key-meter'
import { Problem } from '../problem'

const MS_PER_SECOND = 1000

/** Formats a duration as OpenAI does in rate limit headers: `850ms`, `7.5s`, `6m0s`. */
export const durationText = (ms: number): string => {
  if (ms < MS_PER_SECOND) return `${Math.ceil(ms)}ms`
  // Tenths of a second up to a minute. Rounded before it is split, so that no part becomes 60.
  const tenths = Math.ceil(ms / 100)
  if (tenths < 600) return `${tenths / 10}s`
  const seconds = Math.ceil(ms / MS_PER_SECOND)
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

const headersOf = (what: 'requests' | 'tokens', { limit, remaining, resetMs }: Standing): Record<string, string> => ({
  [`x-ratelimit-limit-${what}`]: String(limit),
  [`x-ratelimit-remaining-${what}`]: String(remaining),
  [`x-ratelimit-reset-${what}`]: durationText(resetMs),
})

/** Rate limit headers of a key, under OpenAI's names; none for a key without limits. */
export const rateLimitHeaders = ({ requests, tokens }: Standings): Record<string, string> => ({
  ...(requests && headersOf('requests', requests)),
  ...(tokens && headersOf('tokens', tokens)),
})

const REACHED = {
  requests: 'This key has reached its limit of requests per minute',
  tokens: 'This key has reached its limit of tokens per minute',
  concurrent: 'This key has reached its limit of concurrent requests',
} as const

/** The error for a key that has reached a limit. */
export const rateLimited = ({ by, retryAfterMs }: Extract<Verdict, { kind: 'refused' }>): Problem => {
  const retryAfter = Math.max(1, Math.ceil(retryAfterMs / MS_PER_SECOND))
  const hint = `Try again in ${retryAfter} s. Limits are set in the app under Settings, or with: PATCH /api_keys/{id}`
  return new Problem(429, 'rate_limit_exceeded', REACHED[by], { retryAfter, hint })
}
