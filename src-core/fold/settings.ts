import { type ApiKey, type ApiKeyChanges } from '../state/api-keys'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

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
