import { z } from 'zod'
import { Origin } from '../merging/stamp'
import { ApiKeyId } from '../ids'
import { SettingChange } from '../settings/cluster'
import { ApiKey, ApiKeyChanges } from '../state/api-keys'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope } from './event'

/** Each may have been declared elsewhere first, and come by a merge. */
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

export const reduceSettings = (state: State, { event }: Envelope): State['settings'] =>
  event.type === 'SettingChanged' ? { ...state.settings, [event.change.key]: event.change.value } : state.settings

export const reduceApiKeys = ({ apiKeys }: State, { event }: Envelope): Changes<ApiKey> | undefined => {
  switch (event.type) {
    case 'ApiKeyCreated':
      return put(event.apiKey.apiKeyId, event.apiKey)
    case 'ApiKeyUpdated':
      return amend(apiKeys, event.apiKeyId, (apiKey) => changed(apiKey, event.changes))
    case 'ApiKeyRevoked':
      return drop(apiKeys, event.apiKeyId)
    default:
      return undefined
  }
}

const changed = ({ limits: before, ...apiKey }: ApiKey, { name, limits = before }: ApiKeyChanges): ApiKey => ({
  ...apiKey,
  ...(name !== undefined && { name }),
  ...(limits && { limits }),
})
