import type { Envelope } from '@core/events/event'
import type { State } from '@core/state/state'

/** The state without secrets: API key hashes are removed. */
export const publicState = (state: State): State => ({
  ...state,
  apiKeys: Object.fromEntries(Object.entries(state.apiKeys).map(([id, apiKey]) => [id, { ...apiKey, hash: '' }])),
})

export const publicEnvelope = (envelope: Envelope): Envelope =>
  envelope.event.type === 'ApiKeyCreated'
    ? { ...envelope, event: { ...envelope.event, apiKey: { ...envelope.event.apiKey, hash: '' } } }
    : envelope
