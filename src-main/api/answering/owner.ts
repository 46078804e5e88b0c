import type { ApiKeyId } from '@core/ids'

/** The API key of a request; undefined for a request without one, from this machine or a signed-in browser. */
export type Owner = ApiKeyId | undefined

/**
 * Whether a caller may use what another request stored. A key sees only its own; callers that need no key see
 * everything.
 */
export const maySee = (owner: Owner, asker: Owner): boolean => asker === undefined || asker === owner
