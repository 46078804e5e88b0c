import type { NodeId } from '../ids'
import type { MetaInstance } from './meta-instances'
import { instancesOf, isReady } from './bindings'
import type { Instance } from './instances'
import type { State } from './state'

/** How many instances a declaration is to have, each on machines of its own. */
export const replicasOf = ({ replicas = 1 }: Pick<MetaInstance, 'replicas'>): number => replicas

/** Those of a declaration's instances that are one of its replicas; not those that are to replace one that is still there. */
export const standing = (instances: readonly Instance[]): Instance[] => {
  const there = new Set<string>(instances.map(({ instanceId }) => instanceId))
  return instances.filter(({ replaces }) => replaces === undefined || !there.has(replaces))
}

const isDrained = ({ members }: State, { shards }: Instance): boolean =>
  shards.some(({ nodeId }) => members[nodeId]?.drained === true)

/**
 * The replicas that go because fewer are wanted, the first to go first: those that do not serve, then those on drained
 * machines, then the newest. They get no new requests, and end when their answers are complete.
 */
export const surplus = (state: State, metaInstance: MetaInstance, instances: readonly Instance[]): Instance[] => {
  const replicas = standing(instances)
  const count = replicas.length - replicasOf(metaInstance)
  if (count <= 0) return []
  const worth = (instance: Instance): number =>
    (isReady(state, instance) ? 2 : 0) + (isDrained(state, instance) ? 0 : 1)
  const newestFirst = [...replicas].reverse().sort((a, b) => worth(a) - worth(b) || b.createdAt - a.createdAt)
  return newestFirst.slice(0, count)
}

/** The replicas that serve, and how many there are to be. */
export const readyReplicas = (state: State, metaInstance: MetaInstance): { ready: Instance[]; wanted: number } => ({
  ready: standing(instancesOf(state, metaInstance.metaInstanceId)).filter((instance) => isReady(state, instance)),
  wanted: replicasOf(metaInstance),
})

/** The machines that a further replica may not use; without those of the one that it is to replace. */
export const takenBy = (
  state: State,
  { metaInstanceId, replicas }: Pick<MetaInstance, 'metaInstanceId' | 'replicas'>,
  replaced?: Instance,
): NodeId[] =>
  replicasOf({ replicas }) === 1
    ? []
    : instancesOf(state, metaInstanceId).flatMap((instance) =>
        instance.instanceId === replaced?.instanceId ? [] : instance.shards.map(({ nodeId }) => nodeId),
      )
