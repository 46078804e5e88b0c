import type { ModelId, NodeId } from '../ids'
import type { Instance } from './instances'

/** Returns the models that an instance needs on a node: its own, and the draft model on rank 0's node. */
export const neededModels = (
  { modelId, draftModelId, shards }: Pick<Instance, 'modelId' | 'draftModelId' | 'shards'>,
  nodeId: NodeId,
): ModelId[] => {
  const shard = shards.find((one) => one.nodeId === nodeId)
  if (!shard) return []
  return shard.rank === 0 && draftModelId !== undefined ? [modelId, draftModelId] : [modelId]
}
