import { z } from 'zod'
import { ApiKeyId, Timestamp } from '@core/ids'
import type { Api } from '../../api/access'

const Listed = z.object({ apiKeyId: ApiKeyId, name: z.string(), createdAt: Timestamp })
const Created = z.object({ apiKeyId: ApiKeyId, name: z.string(), key: z.string() })

export type ListedApiKey = z.infer<typeof Listed>

/** The keys that programs on other machines use. A key itself is seen once, when it is made. */
export class ApiKeys {
  list: readonly ListedApiKey[] = $state.raw([])
  created: { readonly name: string; readonly key: string } | undefined = $state.raw()
  problem: unknown = $state.raw()
  busy = $state(false)

  constructor(private readonly api: Api) {}

  read(): Promise<void> {
    return this.attempt(async () => undefined)
  }

  create(name: string): Promise<void> {
    return this.attempt(async () => {
      this.created = await this.api.post('/api_keys', { name: name.trim() }, Created)
    })
  }

  revoke(apiKeyId: ApiKeyId): Promise<void> {
    return this.attempt(() => this.api.fetch(`/api_keys/${apiKeyId}`, { method: 'DELETE' }))
  }

  private async attempt(action: () => Promise<unknown>): Promise<void> {
    this.busy = true
    try {
      await action()
      this.list = (await this.api.get('/api_keys', z.object({ apiKeys: z.array(Listed) }))).apiKeys
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.busy = false
    }
  }
}
