import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { KeepAwake } from '../settings/keep-awake'
import type { AwakeReason } from '../state/power'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

export interface SleepPolicy {
  readonly keepAwake: KeepAwake
  readonly onBattery: boolean
}

const isDownloading = ({ downloads }: State, nodeId: NodeId): boolean =>
  Object.values(downloads[nodeId] ?? {}).some(({ status }) => status === 'Ongoing')

/** Models loaded on request do not count: they end by themselves. */
const isDeclared = ({ metaInstances }: State, { metaInstanceId }: Instance): boolean =>
  metaInstanceId !== undefined &&
  metaInstances[metaInstanceId] !== undefined &&
  !metaInstances[metaInstanceId].onRequest

/** Returns why this machine must stay awake now; undefined if it may sleep. */
export const awakeReason = (state: State, nodeId: NodeId, policy: SleepPolicy): AwakeReason | undefined => {
  if (isDownloading(state, nodeId)) return 'download'
  const instancesHere = Object.values(state.instances).filter(({ shards }) =>
    shards.some((shard) => shard.nodeId === nodeId),
  )
  const { keepAwake, onBattery } = policy
  const staysForModels = keepAwake === 'always' || (keepAwake === 'on-power' && !onBattery)
  if (staysForModels && instancesHere.some((instance) => isDeclared(state, instance))) return 'model'
  const ids = new Set(instancesHere.map(({ instanceId }) => instanceId))
  const isAnswering = Object.values(state.tasks).some((task) => isLive(task) && ids.has(task.instanceId))
  return isAnswering ? 'answer' : undefined
}
