import type { ModelId, NodeId } from '../ids'
import type { Download } from './downloads'
import type { Instance } from './instances'
import type { Constraints } from './meta-instances'
import type { State } from './state'

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

/** The downloads of these files on a node, as far as any are known. */
export const neededDownloads = ({ downloads }: State, instance: Instance, nodeId: NodeId): Download[] =>
  neededModels(instance, nodeId).flatMap((modelId) => downloads[nodeId]?.[modelId] ?? [])

/**
 * The id that clients send: the adapter's if there is one, else the model's. So a request for the plain model never
 * reaches an instance whose answers an adapter has changed.
 */
export const servedId = ({ modelId, adapterId }: Pick<Constraints, 'modelId' | 'adapterId'>): ModelId =>
  adapterId ?? modelId
