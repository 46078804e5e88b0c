import type { LoadCommand } from '@core/protocols/runner'
import type { RunnerId } from '@core/ids'
import type { Instance, Shard } from '@core/state/instances'
import type { WorkerOptions } from './worker-options'

/** The load command for a runner; the addresses of other ranks are added once known. */
export const loadCommand = (
  { modelId, sharding, instanceMeta, maxContext, concurrency, kvBits, draftModelId }: Instance,
  { rank, worldSize, startLayer, endLayer, layers }: Shard,
  paths: { readonly modelPath: string; readonly draftPath: string | undefined },
  cache?: LoadCommand['cache'],
): LoadCommand => ({
  type: 'load',
  modelId,
  modelPath: paths.modelPath,
  sharding,
  instanceMeta,
  shard: { rank, worldSize, startLayer, endLayer, layers },
  ...(maxContext !== undefined && { maxContext }),
  ...(concurrency !== undefined && { concurrency }),
  ...(kvBits !== undefined && { kvBits }),
  ...(draftModelId !== undefined &&
    paths.draftPath !== undefined &&
    rank === 0 && { draft: { modelId: draftModelId, modelPath: paths.draftPath } }),
  ...(cache && { cache }),
})

/** The single-rank instance that this node's state assigns to the runner, with its load command. */
export const wantedOf = (
  { source, nodeId, modelPath: pathOf }: WorkerOptions,
  runnerId: RunnerId,
): { readonly instance: Instance; readonly shard: Shard; readonly load: LoadCommand } | undefined => {
  for (const instance of Object.values(source.state().instances)) {
    const shard = instance.shards.find((one) => one.runnerId === runnerId && one.nodeId === nodeId)
    const modelPath = shard && shard.worldSize === 1 ? pathOf(instance.modelId) : undefined
    const draftPath = instance.draftModelId && pathOf(instance.draftModelId)
    if (shard && modelPath !== undefined)
      return { instance, shard, load: loadCommand(instance, shard, { modelPath, draftPath }) }
  }
  return undefined
}
