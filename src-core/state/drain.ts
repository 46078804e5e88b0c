import type { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from './state'

/** A model that still has a shard on a machine. */
export interface RemainingModel {
  readonly instanceId: InstanceId
  /** Absent: no declaration owns the instance, so nothing will move it. */
  readonly metaInstanceId?: MetaInstanceId
  /** The declaration's name, else its model. */
  readonly label: string
  /** Why it cannot be placed elsewhere, if known. */
  readonly stuck?: string
}

/** Returns the models on a machine. A drained machine may sleep or be updated once this is empty. */
export const modelsOnMachine = ({ instances, metaInstances, members }: State, nodeId: NodeId): RemainingModel[] =>
  Object.values(instances).flatMap(({ instanceId, metaInstanceId, modelId, shards }) => {
    if (!shards.some((shard) => shard.nodeId === nodeId)) return []
    const declared = metaInstanceId === undefined ? undefined : metaInstances[metaInstanceId]
    const drained = members[nodeId]?.drained === true
    const stuck = drained ? declared?.placementError?.reason : undefined
    return [
      {
        instanceId,
        ...(metaInstanceId !== undefined && { metaInstanceId }),
        label: declared?.name ?? modelId,
        ...(stuck !== undefined && { stuck }),
      },
    ]
  })
