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

/** `POST /api_keys`: the only response that contains the key itself. */
export const CreatedApiKey = z.object({
  apiKeyId: ApiKeyId,
  name: z.string(),
  key: z.string(),
  limits: ApiKeyLimits.optional(),
})

/** A key in a listing. Its usage is summed over all members that could be reached. */
export const ApiKeyView = z.object({
  apiKeyId: ApiKeyId,
  name: z.string(),
  createdAt: Timestamp,
  limits: ApiKeyLimits.optional(),
  usage: UsageView,
})
export type ApiKeyView = z.infer<typeof ApiKeyView>

/** Members that could not be reached; their counts are missing from the sums. Absent if there are none. */
const missing = z.array(z.object({ nodeId: NodeId, friendlyName: z.string() })).optional()

/** `GET /api_keys` */
export const ApiKeysResponse = z.object({ apiKeys: z.array(ApiKeyView), missing })
export type ApiKeysResponse = z.infer<typeof ApiKeysResponse>

/** `GET /usage`: usage of every key; the entry without `apiKeyId` counts requests without a key. */
export const UsageResponse = z.object({
  /** In UTC. */
  month: z.string(),
  keys: z.array(UsageView.extend({ apiKeyId: ApiKeyId.optional(), name: z.string().optional() })),
  missing,
})
export type UsageResponse = z.infer<typeof UsageResponse>
