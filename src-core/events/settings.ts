import { z } from 'zod'
import { Origin } from '../state/stamp'
import { ApiKeyId } from '../ids'
import { SettingChange } from '../settings/cluster'
import { ApiKey, ApiKeyChanges } from '../state/api-keys'

/** Set if a merge brought the change from the other side of a split. */
const origin = { origin: Origin.optional() }

export const SettingChanged = z.object({ type: z.literal('SettingChanged'), change: SettingChange, ...origin })
export const ApiKeyCreated = z.object({ type: z.literal('ApiKeyCreated'), apiKey: ApiKey, ...origin })
export const ApiKeyUpdated = z.object({
  type: z.literal('ApiKeyUpdated'),
  apiKeyId: ApiKeyId,
  changes: ApiKeyChanges,
  ...origin,
})
export const ApiKeyRevoked = z.object({ type: z.literal('ApiKeyRevoked'), apiKeyId: ApiKeyId, ...origin })
