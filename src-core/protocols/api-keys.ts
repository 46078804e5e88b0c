import { z } from 'zod'
import { ApiKeyId, NodeId, Timestamp } from '../ids'
import { UsageView } from '../keys/usage'
import { givenName } from '../settings/given-name'
import { ApiKeyChanges, ApiKeyLimits } from '../state/api-keys'

const ApiKeyName = givenName(100)

/** `POST /api_keys` */
export const CreateApiKeyRequest = z.strictObject({ name: ApiKeyName, limits: ApiKeyLimits.optional() })

/** `PATCH /api_keys/{id}` */
export const UpdateApiKeyRequest = ApiKeyChanges.extend({ name: ApiKeyName.optional() })

/** `POST /api_keys`: the key itself is in this answer and nowhere else. */
export const CreatedApiKey = z.object({
  apiKeyId: ApiKeyId,
  name: z.string(),
  key: z.string(),
  limits: ApiKeyLimits.optional(),
})

/** A key as it is listed. Its usage is what all members that could be asked have counted. */
export const ApiKeyView = z.object({
  apiKeyId: ApiKeyId,
  name: z.string(),
  createdAt: Timestamp,
  limits: ApiKeyLimits.optional(),
  usage: UsageView,
})
export type ApiKeyView = z.infer<typeof ApiKeyView>

/** Members that were away: what they counted is missing from the sums. Absent where there are none. */
const missing = z.array(z.object({ nodeId: NodeId, friendlyName: z.string() })).optional()

/** `GET /api_keys` */
export const ApiKeysResponse = z.object({ apiKeys: z.array(ApiKeyView), missing })
export type ApiKeysResponse = z.infer<typeof ApiKeysResponse>

/** `GET /usage`: of every key, and of requests without one, which is the entry that has no `apiKeyId`. */
export const UsageResponse = z.object({
  /** By UTC. */
  month: z.string(),
  keys: z.array(UsageView.extend({ apiKeyId: ApiKeyId.optional(), name: z.string().optional() })),
  missing,
})
export type UsageResponse = z.infer<typeof UsageResponse>
