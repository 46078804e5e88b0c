import type { ApiKeyLimits } from '@core/state/api-keys'
import type { TextKey } from '@core/texts/texts'
import { t } from '../../state/texts.svelte'

/** The limits a key may have, with their texts. */
export const LIMITS = [
  { name: 'requestsPerMinute', said: 'keys.perMinuteRequests' },
  { name: 'tokensPerMinute', said: 'keys.perMinuteTokens' },
  { name: 'concurrent', said: 'keys.atATime' },
] as const satisfies readonly { name: keyof ApiKeyLimits; said: TextKey }[]

/** `60 requests a minute, 2 at a time`; empty without limits. */
export const limitsText = (limits: ApiKeyLimits | undefined): string =>
  LIMITS.flatMap(({ name, said }) => {
    const limit = limits?.[name]
    return limit === undefined ? [] : [t(said, { limit })]
  }).join(', ')

/** Form fields; an empty one is `null`. */
export type LimitFields = Readonly<Partial<Record<keyof ApiKeyLimits, number | null | undefined>>>

/** Limits from form fields; an empty field means no limit. */
export const limitsIn = (fields: LimitFields): ApiKeyLimits =>
  Object.fromEntries(
    LIMITS.flatMap(({ name }) => {
      const limit = fields[name]
      return limit === undefined || limit === null ? [] : [[name, limit]]
    }),
  )
