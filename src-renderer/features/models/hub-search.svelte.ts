import { HubSearchResponse, type HubModel } from '@core/protocols/models'
import { withQuery, type Api } from '../../api/access'

/** Search on the hub. */
export class HubSearch {
  words = $state('')
  /** Results and the words they answer; undefined before the first answer. */
  found: { readonly words: string; readonly hub: string; readonly models: readonly HubModel[] } | undefined =
    $state.raw()
  searching = $state(false)
  problem: unknown = $state.raw()

  private asked = 0

  constructor(private readonly api: Pick<Api, 'get'>) {}

  async search(): Promise<void> {
    const words = this.words.trim()
    this.asked += 1
    if (words === '') return this.clear()
    const number = this.asked
    const outdated = (): boolean => number !== this.asked
    this.searching = true
    try {
      const answer = await this.api.get(withQuery('/models/search', { q: words }), HubSearchResponse)
      if (outdated()) return
      this.found = { words, ...answer }
      this.problem = undefined
    } catch (error) {
      if (outdated()) return
      this.found = undefined
      this.problem = error
    } finally {
      if (!outdated()) this.searching = false
    }
  }

  /** Clears the search and ignores a pending answer. */
  clear(): void {
    this.asked += 1
    this.found = undefined
    this.problem = undefined
    this.searching = false
  }
}

/** API path for downloading, pausing and deleting a model's files. */
export const downloadPath = (modelId: string, nodeId?: string): string =>
  `/models/${modelId}/download${nodeId === undefined ? '' : `?nodeId=${nodeId}`}`
