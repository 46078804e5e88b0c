import type { ApiKeyLimits } from '@core/state/api-keys'
import { numberText } from '../../state/text'

/** The limits that a key may have, as people read them. */
export const LIMITS = [
  { name: 'requestsPerMinute', label: 'Requests a minute', unit: 'requests a minute' },
  { name: 'tokensPerMinute', label: 'Tokens a minute', unit: 'tokens a minute' },
  { name: 'concurrent', label: 'Requests at a time', unit: 'at a time' },
] as const satisfies readonly { name: keyof ApiKeyLimits; label: string; unit: string }[]

/** `60 requests a minute, 2 at a time`; empty where there are none. */
export const limitsText = (limits: ApiKeyLimits | undefined): string =>
  LIMITS.flatMap(({ name, unit }) => {
    const limit = limits?.[name]
    return limit === undefined ? [] : [`${numberText(limit)} ${unit}`]
  }).join(', ')

/** The fields of a form; an empty one is `null`. */
export type LimitFields = Readonly<Partial<Record<keyof ApiKeyLimits, number | null | undefined>>>

/** The limits in the fields of a form; an empty field is no limit. */
export const limitsIn = (fields: LimitFields): ApiKeyLimits =>
  Object.fromEntries(
    LIMITS.flatMap(({ name }) => {
      const limit = fields[name]
      return limit === undefined || limit === null ? [] : [[name, limit]]
    }),
  )
