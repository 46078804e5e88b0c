import {
  type CatalogueAdapter,
  type CatalogueModel,
  ModelsResponse,
  type UnreadableModel,
} from '@core/protocols/models'
import type { Api } from '../api/access'

/** Models on this machine. There are no events for them: the node scans its disk on request. */
export class Catalogue {
  all: readonly CatalogueModel[] = $state.raw([])
  unreadable: readonly UnreadableModel[] = $state.raw([])
  /** LoRA adapters that can be applied. */
  adapters: readonly CatalogueAdapter[] = $state.raw([])
  /** Whether the first answer has arrived; before it, an empty list means nothing. */
  known = $state(false)
  reading = $state(false)
  problem: unknown = $state.raw()
  /** Whether the node has answered, with the models or with why not. */
  readonly answered: boolean = $derived(this.known || this.problem !== undefined)
  readonly usable: readonly CatalogueModel[] = $derived(this.all.filter(({ problem }) => problem === undefined))
  readonly starter: CatalogueModel | undefined = $derived(this.usable.find(({ starter }) => starter))

  private askedAgain = false

  constructor(private readonly api: Pick<Api, 'get'>) {}

  find(modelId: string): CatalogueModel | undefined {
    return this.all.find((model) => model.modelId === modelId)
  }

  async read(): Promise<void> {
    // A request in flight may predate the change that the caller knows about, so read again after it.
    this.askedAgain = this.reading
    if (this.reading) return
    this.reading = true
    try {
      const { models, unreadable = [], adapters = [] } = await this.api.get('/models', ModelsResponse)
      this.all = models
      this.unreadable = unreadable
      this.adapters = adapters.filter(({ problem }) => problem === undefined)
      this.known = true
      this.problem = undefined
    } catch (error) {
      this.problem = error
    } finally {
      this.reading = false
    }
    if (this.askedAgain) await this.read()
  }
}

/** Models whose title or id contains all words of the search. */
export const matching = (models: readonly CatalogueModel[], search: string): readonly CatalogueModel[] => {
  const words = search.toLowerCase().split(/\s+/)
  return models.filter(({ title, modelId }) => {
    const text = `${title} ${modelId}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
