import type { NodeId } from '../ids'
import type { MetaInstance } from './meta-instances'
import { instancesOf, isReady } from './bindings'
import type { Instance } from './instances'
import type { State } from './state'

/** Desired number of instances of a declaration, each on its own machines. */
export const replicasOf = ({ replicas = 1 }: Pick<MetaInstance, 'replicas'>): number => replicas

/** Returns the instances that count as replicas; an instance that replaces one that still exists does not. */
export const countedReplicas = (instances: readonly Instance[]): Instance[] => {
  const existing = new Set<string>(instances.map(({ instanceId }) => instanceId))
  return instances.filter(({ replaces }) => replaces === undefined || !existing.has(replaces))
}

/** Returns the instance that will take the place of one of a declaration once it serves. */
export const comingReplacement = (state: State, { metaInstanceId }: MetaInstance): Instance | undefined =>
  instancesOf(state, metaInstanceId).find(
    (instance) => instance.replaces !== undefined && instance.replaces in state.instances && !isReady(state, instance),
  )

const isDrained = ({ members }: State, { shards }: Instance): boolean =>
  shards.some(({ nodeId }) => members[nodeId]?.drained === true)

/**
 * Returns the replicas to remove because fewer are wanted, first to go first: those that do not serve, then those on
 * drained machines, then the newest. They get no new requests and end when their answers are complete.
 */
export const surplusReplicas = (
  state: State,
  metaInstance: MetaInstance,
  instances: readonly Instance[],
): Instance[] => {
  const replicas = countedReplicas(instances)
  const count = replicas.length - replicasOf(metaInstance)
  if (count <= 0) return []
  const keepPriority = (instance: Instance): number =>
    (isReady(state, instance) ? 2 : 0) + (isDrained(state, instance) ? 0 : 1)
  const newestFirst = [...replicas]
    .reverse()
    .sort((a, b) => keepPriority(a) - keepPriority(b) || b.createdAt - a.createdAt)
  return newestFirst.slice(0, count)
}

/** Returns the serving replicas and the desired number. */
export const readyReplicas = (state: State, metaInstance: MetaInstance): { ready: Instance[]; wanted: number } => ({
  ready: countedReplicas(instancesOf(state, metaInstance.metaInstanceId)).filter((instance) =>
    isReady(state, instance),
  ),
  wanted: replicasOf(metaInstance),
})

/** Returns the machines that another replica may not use, without those of the instance it replaces. */
export const nodesTakenBy = (
  state: State,
  { metaInstanceId, replicas }: Pick<MetaInstance, 'metaInstanceId' | 'replicas'>,
  replaced?: Instance,
): NodeId[] =>
  replicasOf({ replicas }) === 1
    ? []
    : instancesOf(state, metaInstanceId).flatMap((instance) =>
        instance.instanceId === replaced?.instanceId ? [] : instance.shards.map(({ nodeId }) => nodeId),
      )
