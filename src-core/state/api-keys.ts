import { z } from 'zod'
import { ApiKeyId, Timestamp } from '../ids'

const limit = z.number().int().min(1).max(1_000_000_000)

/** What a key may use on each node that takes its requests; what is absent is not limited. */
export const ApiKeyLimits = z.strictObject({
  requestsPerMinute: limit.optional(),
  /** Of prompts and answers. */
  tokensPerMinute: limit.optional(),
  /** Requests at a time, those that wait included. */
  concurrent: limit.optional(),
})
export type ApiKeyLimits = z.infer<typeof ApiKeyLimits>

const ApiKeyName = z.string().trim().min(1).max(100)

/** What people change of a key. Limits are replaced as a whole; `null` removes them. */
export const ApiKeyChanges = z.strictObject({ name: ApiKeyName.optional(), limits: ApiKeyLimits.nullable().optional() })
export type ApiKeyChanges = z.infer<typeof ApiKeyChanges>

/** A key that opens the API from the network. Only its hash is kept. */
export const ApiKey = z.object({
  apiKeyId: ApiKeyId,
  name: z.string().min(1).max(100),
  /** SHA-256 of the key, hex. Never leaves the node through the API. */
  hash: z.string(),
  createdAt: Timestamp,
  limits: ApiKeyLimits.optional(),
})
export type ApiKey = z.infer<typeof ApiKey>
