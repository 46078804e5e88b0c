import { z } from 'zod'
import { ApiKeyId, Timestamp } from '../ids'

const limit = z.number().int().min(1).max(1_000_000_000)

/** Limits of a key, enforced by each node for the requests it takes. Absent fields are unlimited. */
export const ApiKeyLimits = z.strictObject({
  requestsPerMinute: limit.optional(),
  /** Prompt and completion tokens. */
  tokensPerMinute: limit.optional(),
  /** Concurrent requests, including queued ones. */
  concurrent: limit.optional(),
})
export type ApiKeyLimits = z.infer<typeof ApiKeyLimits>

const ApiKeyName = z.string().trim().min(1).max(100)

/** Changes to a key. Limits are replaced as a whole; `null` removes them. */
export const ApiKeyChanges = z.strictObject({ name: ApiKeyName.optional(), limits: ApiKeyLimits.nullable().optional() })
export type ApiKeyChanges = z.infer<typeof ApiKeyChanges>

/** A key for the API over the network. Only its hash is stored. */
export const ApiKey = z.object({
  apiKeyId: ApiKeyId,
  name: z.string().min(1).max(100),
  /** SHA-256 of the key, hex. Never leaves the node through the API. */
  hash: z.string(),
  createdAt: Timestamp,
  limits: ApiKeyLimits.optional(),
})
export type ApiKey = z.infer<typeof ApiKey>
