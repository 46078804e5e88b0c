import type { ModelId, RunnerId } from '@core/ids'
import type { Action } from '@core/plan/plan'

export type Start = Extract<Action, { kind: 'start' }>

export interface AwaitedModelsOptions {
  readonly modelPath: (modelId: ModelId) => string | undefined
  /** No runner waits for that model any more. */
  readonly release: (modelId: ModelId) => void
}

/** Runners whose model is on its way to this machine. */
export class AwaitedModels {
  private readonly starts = new Map<RunnerId, Start>()

  constructor(private readonly options: AwaitedModelsOptions) {}

  add(start: Start): void {
    this.starts.set(start.shard.runnerId, start)
  }

  runners(): Iterable<RunnerId> {
    return this.starts.keys()
  }

  /** Those whose model has come; they wait no more. */
  arrived(): Start[] {
    const arrived = [...this.starts.values()].filter(
      ({ instance }) => this.options.modelPath(instance.modelId) !== undefined,
    )
    for (const { shard } of arrived) this.forget(shard.runnerId)
    return arrived
  }

  /** This runner waits no more. */
  forget(runnerId: RunnerId): void {
    const modelId = this.starts.get(runnerId)?.instance.modelId
    this.starts.delete(runnerId)
    const others = [...this.starts.values()]
    if (modelId !== undefined && !others.some(({ instance }) => instance.modelId === modelId))
      this.options.release(modelId)
  }
}
