import { HubSearchResponse, type HubModel } from '@core/protocols/models'
import { withQuery, type Api } from '../../api/access'

/** What a person looks for on the hub. */
export class HubSearch {
  words = $state('')
  /** What was found, and for which words; undefined before the first answer. */
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

  /** Nothing is looked for any more; an answer under way is not waited for. */
  clear(): void {
    this.asked += 1
    this.found = undefined
    this.problem = undefined
    this.searching = false
  }
}

/** Where what is done about a model's files on a machine's disk is asked for. */
export const downloadPath = (modelId: string, nodeId?: string): string =>
  `/models/${modelId}/download${nodeId === undefined ? '' : `?nodeId=${nodeId}`}`
