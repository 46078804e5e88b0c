import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { Placement } from '../placement/place'
import type { Constraints } from '../state/meta-instances'
import type { IdSource } from './process-manager'
import { replicasOf } from '../state/replicas'
import type { State } from '../state/state'
import type { InstanceId, MetaInstanceId, Timestamp } from '../ids'

/** Builds the instance of a placement, with a new runner per rank. */
export const instanceOf = (
  placement: Placement,
  constraints: Constraints,
  options: {
    ids: IdSource
    now: Timestamp
    instanceId?: InstanceId
    metaInstanceId?: MetaInstanceId
    generation?: number
    replaces?: InstanceId
  },
): Instance => {
  const { ids, now, instanceId, ...binding } = options
  const { modelId, sharding, instanceMeta, maxContext, concurrency, kvBits, draftModelId, adapterId } = constraints
  return {
    instanceId: instanceId ?? ids.instanceId(),
    ...binding,
    modelId,
    sharding,
    instanceMeta,
    shards: placement.shards.map((shard) => ({ ...shard, runnerId: ids.runnerId() })),
    claims: { ...placement.claims },
    ...(placement.ring && { ring: placement.ring }),
    ...(placement.jaccl && { jaccl: placement.jaccl }),
    ...(maxContext !== undefined && { maxContext }),
    ...(concurrency !== undefined && { concurrency }),
    ...(kvBits !== undefined && { kvBits }),
    ...(draftModelId !== undefined && { draftModelId }),
    ...(adapterId !== undefined && { adapterId }),
    createdAt: now,
  }
}

/**
 * Whether an instance still satisfies its declaration. An instance of the current generation always does: placement has
 * checked it, and different rules here could replace it for ever.
 */
export const stillFits = (state: State, instance: Instance, metaInstance: MetaInstance): boolean => {
  const { modelId, sharding, instanceMeta, minNodes, nodeIds, maxContext, concurrency, generation } = metaInstance
  const isGroup = replicasOf(metaInstance) === 1
  if (instance.generation === generation) return true
  const nodes = instance.shards.map(({ nodeId }) => nodeId)
  // Named machines that are present or used by the instance, in the declared order.
  const named = nodeIds?.filter((nodeId) => nodeId in state.nodes || nodes.includes(nodeId))
  return (
    instance.modelId === modelId &&
    instance.sharding === sharding &&
    instance.instanceMeta === instanceMeta &&
    instance.maxContext === maxContext &&
    instance.concurrency === concurrency &&
    instance.kvBits === metaInstance.kvBits &&
    instance.draftModelId === metaInstance.draftModelId &&
    instance.adapterId === metaInstance.adapterId &&
    nodes.length >= minNodes &&
    (named === undefined ||
      (isGroup
        ? named.length === nodes.length && named.every((nodeId, rank) => nodeId === nodes[rank])
        : nodes.every((nodeId) => named.includes(nodeId))))
  )
}

/** Whether an instance must move because one of its machines is drained. */
export const isLeaving = ({ members }: State, { shards }: Instance): boolean =>
  shards.some(({ nodeId }) => members[nodeId]?.drained === true)
