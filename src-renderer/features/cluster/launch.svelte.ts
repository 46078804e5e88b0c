import { CreatedMetaInstance, PreviewResponse, type FailedPreview, type Preview } from '@core/protocols/control'
import { withQuery, type Api } from '../../api/access'

export const isPossible = (preview: Preview | FailedPreview): preview is Preview => !('error' in preview)

/** What a person has chosen in the launch form, and what the node says would come of it. */
export class Launch {
  modelId: string | undefined = $state()
  name = $state('')
  sharding: 'Pipeline' | 'Tensor' = $state('Pipeline')
  maxContext: number | undefined = $state()
  /** The machines of a preview that was picked; undefined leaves the choice to Muster. */
  nodeIds: readonly string[] | undefined = $state.raw()
  previews: readonly (Preview | FailedPreview)[] = $state.raw([])
  problem: unknown = $state.raw()
  busy = $state(false)
  /** What fits the chosen sharding over the ring. */
  readonly matching = $derived(
    this.previews.filter(({ sharding, instanceMeta }) => sharding === this.sharding && instanceMeta === 'MlxRing'),
  )
  readonly possible = $derived(this.matching.some(isPossible))

  constructor(private readonly api: Api) {}

  async preview(): Promise<void> {
    const { modelId, maxContext } = this
    if (modelId === undefined) return
    const query = { modelId, ...(maxContext && { maxContext: String(maxContext) }) }
    try {
      const { previews } = await this.api.get(withQuery('/instance/previews', query), PreviewResponse)
      // An answer to what has changed meanwhile is no answer.
      if (modelId !== this.modelId || maxContext !== this.maxContext) return
      this.previews = previews
      this.problem = undefined
    } catch (error) {
      this.previews = []
      this.problem = error
    }
  }

  /** Declares it; the declaration's id, or undefined where the node refused. */
  async declare(): Promise<string | undefined> {
    this.busy = true
    const { modelId, sharding, maxContext, nodeIds } = this
    const name = this.name.trim()
    const json = {
      modelId,
      sharding,
      ...(name && { name }),
      ...(maxContext && { maxContext }),
      ...(nodeIds && { nodeIds }),
    }
    try {
      const response = await this.api.fetch('/meta_instance', { method: 'POST', json })
      return CreatedMetaInstance.parse(await response.json()).metaInstanceId
    } catch (error) {
      this.problem = error
      return undefined
    } finally {
      this.busy = false
    }
  }
}
