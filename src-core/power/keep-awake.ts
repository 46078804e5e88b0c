import { z } from 'zod'
import type { NodeId } from '../ids'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

/**
 * Whether a machine that runs a declared model is kept awake for it: `on-power` only while it is not on battery.
 * Downloads and answers that go on keep it awake in any case: they end.
 */
export const KeepAwake = z.enum(['never', 'on-power', 'always'])
export type KeepAwake = z.infer<typeof KeepAwake>

/** What a machine stays awake for, the most pressing first. */
export const AwakeReason = z.enum(['download', 'model', 'answer'])
export type AwakeReason = z.infer<typeof AwakeReason>

/** What a machine says of its sleep. */
export const PowerFacts = z.object({
  onBattery: z.boolean(),
  /** Why the system was asked not to sleep by itself; absent where it may. A person or a closed lid can still send it there. */
  awakeFor: AwakeReason.optional(),
})
export type PowerFacts = z.infer<typeof PowerFacts>

export interface AwakeWishes {
  readonly keepAwake: KeepAwake
  readonly onBattery: boolean
}

const isDownloading = ({ downloads }: State, nodeId: NodeId): boolean =>
  Object.values(downloads[nodeId] ?? {}).some(({ status }) => status === 'Ongoing')

/** On request is not declared: such a model ends by itself. */
const isDeclared = ({ metaInstances }: State, { metaInstanceId }: Instance): boolean =>
  metaInstanceId !== undefined &&
  metaInstances[metaInstanceId] !== undefined &&
  !metaInstances[metaInstanceId].onRequest

/** Why this machine must not fall asleep now; undefined where it may. */
export const awakeReason = (state: State, nodeId: NodeId, wishes: AwakeWishes): AwakeReason | undefined => {
  if (isDownloading(state, nodeId)) return 'download'
  const here = Object.values(state.instances).filter(({ shards }) => shards.some((shard) => shard.nodeId === nodeId))
  const { keepAwake, onBattery } = wishes
  const staysForModels = keepAwake === 'always' || (keepAwake === 'on-power' && !onBattery)
  if (staysForModels && here.some((instance) => isDeclared(state, instance))) return 'model'
  const ids = new Set(here.map(({ instanceId }) => instanceId))
  const isAnswering = Object.values(state.tasks).some((task) => isLive(task) && ids.has(task.instanceId))
  return isAnswering ? 'answer' : undefined
}

/** What a machine is doing about sleep, as a line for people. */
export const sleepLine = ({ onBattery, awakeFor }: PowerFacts): string => {
  const source = onBattery ? ', on battery' : ''
  switch (awakeFor) {
    case undefined:
      return `May sleep${source}`
    case 'download':
      return `Kept awake by a download${source}`
    case 'answer':
      return `Kept awake by an answer${source}`
    case 'model':
      return `Kept awake for its models${source}`
  }
}
