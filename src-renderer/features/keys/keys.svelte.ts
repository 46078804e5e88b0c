import type { ApiKeyId } from '@core/ids'
import { ApiKeysResponse, CreatedApiKey, type ApiKeyView } from '@core/protocols/api-keys'
import type { ApiKeyLimits } from '@core/state/api-keys'
import type { Api } from '../../api/access'

/** API keys with their usage. A secret is shown only once, when it is created. */
export class ApiKeys {
  list: readonly ApiKeyView[] = $state.raw([])
  /** Whether `list` has been read. */
  known = $state(false)
  /** Unreachable machines, whose counts are missing. */
  missing: readonly string[] = $state.raw([])
  created: { readonly name: string; readonly key: string } | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)

  constructor(private readonly api: Api) {}

  read(): Promise<void> {
    return this.attempt(async () => undefined)
  }

  create(name: string): Promise<void> {
    return this.attempt(async () => {
      this.created = await this.api.post('/api_keys', { name: name.trim() }, CreatedApiKey)
    })
  }

  /** An empty object removes all limits. */
  limit(apiKeyId: ApiKeyId, limits: ApiKeyLimits): Promise<void> {
    const json = { limits: Object.keys(limits).length > 0 ? limits : null }
    return this.attempt(() => this.api.fetch(`/api_keys/${apiKeyId}`, { method: 'PATCH', json }))
  }

  revoke(apiKeyId: ApiKeyId): Promise<void> {
    return this.attempt(() => this.api.fetch(`/api_keys/${apiKeyId}`, { method: 'DELETE' }))
  }

  private async attempt(action: () => Promise<unknown>): Promise<void> {
    this.busy = true
    try {
      await action()
      const { apiKeys, missing = [] } = await this.api.get('/api_keys', ApiKeysResponse)
      this.list = apiKeys
      this.known = true
      this.missing = missing.map(({ friendlyName }) => friendlyName)
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }
}
