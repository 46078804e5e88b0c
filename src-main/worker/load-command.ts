import type { LoadCommand } from '@core/protocols/runner'
import type { RunnerId } from '@core/ids'
import type { Instance, Shard } from '@core/state/instances'
import type { WorkerOptions } from './worker-options'

/** Paths of an instance's files on this machine. */
export interface ModelPaths {
  readonly modelPath: string
  readonly draftPath: string | undefined
  readonly adapterPath: string | undefined
}

/** The load command for a runner; the addresses of other ranks are added once known. */
export const loadCommand = (
  { modelId, sharding, instanceMeta, maxContext, concurrency, kvBits, draftModelId, adapterId }: Instance,
  { rank, worldSize, startLayer, endLayer, layers }: Shard,
  paths: ModelPaths,
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
  ...(adapterId !== undefined &&
    paths.adapterPath !== undefined && { adapter: { adapterId, adapterPath: paths.adapterPath } }),
  ...(cache && { cache }),
})

/** Paths of an instance's draft model and adapter, if it has them. */
export const besidePaths = (
  { draftModelId, adapterId }: Instance,
  pathOf: WorkerOptions['modelPath'],
): Omit<ModelPaths, 'modelPath'> => ({
  draftPath: draftModelId && pathOf(draftModelId),
  adapterPath: adapterId && pathOf(adapterId),
})

/** The single-rank instance that this node's state assigns to the runner, with its load command. */
export const wantedOf = (
  { source, nodeId, modelPath: pathOf }: WorkerOptions,
  runnerId: RunnerId,
): { readonly instance: Instance; readonly shard: Shard; readonly load: LoadCommand } | undefined => {
  for (const instance of Object.values(source.state().instances)) {
    const shard = instance.shards.find((one) => one.runnerId === runnerId && one.nodeId === nodeId)
    const modelPath = shard && shard.worldSize === 1 ? pathOf(instance.modelId) : undefined
    if (shard && modelPath !== undefined)
      return { instance, shard, load: loadCommand(instance, shard, { modelPath, ...besidePaths(instance, pathOf) }) }
  }
  return undefined
}
