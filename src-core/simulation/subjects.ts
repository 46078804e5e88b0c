import type { NodeId } from '../ids'
import { currentInstance, instancesOf } from '../state/bindings'
import type { Instance, Shard } from '../state/instances'
import type { RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import type { StepOf } from './scenario'

/** The instance that a step refers to. */
export type Owned = Pick<StepOf<'startTask'>, 'metaInstance' | 'instance'>

export const instanceFor = (state: State, { metaInstance, instance }: Owned): Instance | undefined =>
  instance !== undefined
    ? state.instances[instance]
    : metaInstance === undefined
      ? undefined
      : currentInstance(state, metaInstance)

/** The instance with a runner on this machine: the current one, or its replacement. */
export const instanceOn = (state: State, step: Owned & { readonly node: NodeId }): Instance | undefined => {
  const uses = (instance: Instance): boolean => instance.shards.some(({ nodeId }) => nodeId === step.node)
  const current = instanceFor(state, step)
  if (current === undefined || uses(current) || step.metaInstance === undefined) return current
  return instancesOf(state, step.metaInstance).find(uses) ?? current
}

/**
 * The statuses that an instance's runners report when the one on a machine fails: the others lose their connection to
 * it.
 */
export const failuresOf = (
  { shards }: Instance,
  { node, error: errorMessage, code, only }: StepOf<'failRunner'>,
): readonly (readonly [Shard, RunnerStatus])[] => {
  const failing = shards.find(({ nodeId }) => nodeId === node)
  if (!failing) return []
  const others = only ? [] : shards.filter((shard) => shard !== failing)
  return [
    [failing, { status: 'Failed', errorMessage, ...(code !== undefined && { code }) }],
    ...others.map(
      (shard) => [shard, { status: 'Failed', errorMessage: 'connection reset', consequence: true }] as const,
    ),
  ]
}

/** The status that a `runner` step reports. */
export const reported = (step: StepOf<'runner'>, instance: Instance): RunnerStatus => {
  const { status } = step
  if (status === 'Failed') return { status, errorMessage: step.errorMessage ?? '' }
  if (status !== 'Loading') return { status }
  const shard = instance.shards.find(({ nodeId }) => nodeId === step.node)
  const layers = shard ? shard.endLayer - shard.startLayer : 1
  return { status, layersLoaded: Math.min(step.layersLoaded ?? 0, layers), layers }
}
