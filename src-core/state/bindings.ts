import type { MetaInstanceId, NodeId } from '../ids'
import type { Instance } from './instances'
import { isServing } from './runners'
import type { State } from './state'

/** All instances that carry this declaration's id, oldest first. */
export const instancesOf = (state: State, metaInstanceId: MetaInstanceId): Instance[] =>
  Object.values(state.instances).filter((instance) => instance.metaInstanceId === metaInstanceId)

/** Whether all runners of an instance can serve. */
export const isReady = (state: State, instance: Instance): boolean =>
  instance.shards.every(({ runnerId }) => {
    const runner = state.runners[runnerId]
    return runner !== undefined && isServing(runner)
  })

/** The instance that stands for the declaration: one that serves if there is one, else the newest. */
export const currentInstance = (state: State, metaInstanceId: MetaInstanceId): Instance | undefined => {
  const instances = instancesOf(state, metaInstanceId)
  return instances.find((instance) => isReady(state, instance)) ?? instances.at(-1)
}

/** The same for all declarations that have one, in one look at the instances. */
export const currentInstances = (state: State): ReadonlyMap<MetaInstanceId, Instance> => {
  const current = new Map<MetaInstanceId, Instance>()
  for (const instance of Object.values(state.instances)) {
    const { metaInstanceId } = instance
    if (metaInstanceId === undefined) continue
    const known = current.get(metaInstanceId)
    if (known === undefined || !isReady(state, known)) current.set(metaInstanceId, instance)
  }
  return current
}

/** A machine's name for people; its short id where it has none. */
export const nodeName = (state: State, nodeId: NodeId): string =>
  state.members[nodeId]?.friendlyName ?? nodeId.slice(0, 8)
