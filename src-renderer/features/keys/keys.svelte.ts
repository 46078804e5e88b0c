import type { z } from 'zod'
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
  created: z.infer<typeof CreatedApiKey> | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)
  /** Requests for the list: an answer that a later one has overtaken is not shown. */
  private asked = 0

  constructor(private readonly api: Api) {}

  /** Reads the list, which other windows and machines may have changed. Only the first failure is shown: there is no list. */
  async read(): Promise<void> {
    try {
      await this.readList()
    } catch (error) {
      if (!this.known) this.problem = error
    }
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
    return this.attempt(async () => {
      await this.api.fetch(`/api_keys/${apiKeyId}`, { method: 'DELETE' })
      if (this.created?.apiKeyId === apiKeyId) this.created = undefined
    })
  }

  private async attempt(action: () => Promise<unknown>): Promise<void> {
    this.busy = true
    try {
      await action()
      await this.readList()
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }

  private async readList(): Promise<void> {
    const number = (this.asked += 1)
    const { apiKeys, missing = [] } = await this.api.get('/api_keys', ApiKeysResponse)
    if (number !== this.asked) return
    if (!this.known) this.problem = undefined
    this.list = apiKeys
    this.known = true
    this.missing = missing.map(({ friendlyName }) => friendlyName)
  }
}
