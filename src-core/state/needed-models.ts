import type { ModelId, NodeId } from '../ids'
import type { Instance } from './instances'

/** The models that an instance needs on a node: its own on each, and its draft where rank 0 is. */
export const neededModels = (
  { modelId, draftModelId, shards }: Pick<Instance, 'modelId' | 'draftModelId' | 'shards'>,
  nodeId: NodeId,
): ModelId[] => {
  const shard = shards.find((one) => one.nodeId === nodeId)
  if (!shard) return []
  return shard.rank === 0 && draftModelId !== undefined ? [modelId, draftModelId] : [modelId]
}
