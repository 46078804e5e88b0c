import type { ModelId, RunnerId } from '@core/ids'
import type { Action } from '@core/plan/index'
import { neededModels } from '@core/state/needed-models'

export type Start = Extract<Action, { kind: 'start' }>

export interface AwaitedModelsOptions {
  readonly modelPath: (modelId: ModelId) => string | undefined
  /** Called when no runner waits for that model any more. */
  readonly release: (modelId: ModelId) => void
}

const neededBy = ({ instance, shard }: Start): ModelId[] => neededModels(instance, shard.nodeId)

/** Runners whose models are still being fetched to this machine. */
export class AwaitedModels {
  private readonly starts = new Map<RunnerId, Start>()

  constructor(private readonly options: AwaitedModelsOptions) {}

  add(start: Start): void {
    this.starts.set(start.shard.runnerId, start)
  }

  runners(): Iterable<RunnerId> {
    return this.starts.keys()
  }

  /** Removes and returns the starts whose models have all arrived. */
  arrived(): Start[] {
    const arrived = [...this.starts.values()].filter((start) =>
      neededBy(start).every((modelId) => this.options.modelPath(modelId) !== undefined),
    )
    for (const { shard } of arrived) this.forget(shard.runnerId)
    return arrived
  }

  /** Stops waiting for this runner's models. */
  forget(runnerId: RunnerId): void {
    const start = this.starts.get(runnerId)
    this.starts.delete(runnerId)
    const others = new Set([...this.starts.values()].flatMap(neededBy))
    for (const modelId of start ? neededBy(start) : []) if (!others.has(modelId)) this.options.release(modelId)
  }
}
