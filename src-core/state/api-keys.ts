import { z } from 'zod'
import { ApiKeyId, Timestamp } from '../ids'

/** A key that opens the API from the network. Only its hash is kept. */
export const ApiKey = z.object({
  apiKeyId: ApiKeyId,
  name: z.string().min(1).max(100),
  /** SHA-256 of the key, hex. Never leaves the node through the API. */
  hash: z.string(),
  createdAt: Timestamp,
})
export type ApiKey = z.infer<typeof ApiKey>
