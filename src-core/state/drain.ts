import type { InstanceId, MetaInstanceId, NodeId } from '../ids'
import type { State } from './state'

/** A model that is still on a machine. */
export interface OnMachine {
  readonly instanceId: InstanceId
  /** Absent: no declaration keeps it, so nothing moves it. */
  readonly metaInstanceId?: MetaInstanceId
  /** The declaration's name, else its model. */
  readonly label: string
  /** Why it has no other place, where that is known. */
  readonly stuck?: string
}

/** What is on a machine. One that is drained may sleep or be updated when there is nothing left. */
export const onMachine = ({ instances, metaInstances, members }: State, nodeId: NodeId): OnMachine[] =>
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
