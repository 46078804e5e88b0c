import { getContext, setContext } from 'svelte'
import { type CatalogueModel, ModelsResponse } from '@core/protocols/control'
import type { Api } from '../api/access'
import { Cluster } from './cluster.svelte'
import { Route } from './route.svelte'

const KEY = Symbol('app')

/** What every page needs. */
export class AppState {
  readonly cluster: Cluster
  readonly route = new Route()
  models: readonly CatalogueModel[] = $state.raw([])
  /** The model a launch dialog is open for; `undefined` where none is open. */
  launching: { modelId: string | undefined } | undefined = $state()

  constructor(readonly api: Api) {
    this.cluster = new Cluster(api)
  }

  /** The catalogue has no events of its own: it is read when the node reports other models. */
  async readModels(): Promise<void> {
    this.models = (await this.api.get('/models', ModelsResponse)).models
  }

  launch(modelId?: string): void {
    this.launching = { modelId }
  }
}

export const provideApp = (app: AppState): AppState => setContext(KEY, app)
export const useApp = (): AppState => getContext<AppState>(KEY)
