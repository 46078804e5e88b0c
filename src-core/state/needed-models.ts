import type { ModelId, NodeId } from '../ids'
import type { Instance } from './instances'
import type { Constraints } from './meta-instances'

type Named = Pick<Constraints, 'modelId' | 'draftModelId' | 'adapterId'>

/** The model ids that a declaration or an instance refers to: its model, its draft model and its adapter. */
export const namedModels = ({ modelId, draftModelId, adapterId }: Named): ModelId[] =>
  [modelId, draftModelId, adapterId].filter((id) => id !== undefined)

/** The files that an instance needs on a node: model and adapter on every node, the draft model on rank 0's. */
export const neededModels = ({ shards, ...named }: Named & Pick<Instance, 'shards'>, nodeId: NodeId): ModelId[] => {
  const shard = shards.find((one) => one.nodeId === nodeId)
  if (!shard) return []
  const { draftModelId: _, ...onEach } = named
  return namedModels(shard.rank === 0 ? named : onEach)
}

/**
 * The id that clients send: the adapter's if there is one, else the model's. So a request for the plain model never
 * reaches an instance whose answers an adapter has changed.
 */
export const servedId = ({ modelId, adapterId }: Pick<Constraints, 'modelId' | 'adapterId'>): ModelId =>
  adapterId ?? modelId
