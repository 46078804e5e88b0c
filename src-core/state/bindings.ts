import type { MetaInstanceId, NodeId } from '../ids'
import type { Instance } from './instances'
import { isServing } from './runners'
import type { State } from './state'

const byDeclaration = new WeakMap<State['instances'], ReadonlyMap<MetaInstanceId, readonly Instance[]>>()

const indexed = (instances: State['instances']): ReadonlyMap<MetaInstanceId, readonly Instance[]> => {
  const index = new Map<MetaInstanceId, Instance[]>()
  for (const instance of Object.values(instances)) {
    const { metaInstanceId } = instance
    if (metaInstanceId === undefined) continue
    const alike = index.get(metaInstanceId)
    if (alike) alike.push(instance)
    else index.set(metaInstanceId, [instance])
  }
  return index
}

const NONE: readonly Instance[] = []

/** Returns the instances of a declaration, oldest first; indexed once per state, because all declarations are asked for. */
export const instancesOf = ({ instances }: State, metaInstanceId: MetaInstanceId): readonly Instance[] => {
  let index = byDeclaration.get(instances)
  if (!index) {
    index = indexed(instances)
    byDeclaration.set(instances, index)
  }
  return index.get(metaInstanceId) ?? NONE
}

/** Whether all runners of an instance can serve. */
export const isReady = (state: State, instance: Instance): boolean =>
  instance.shards.every(({ runnerId }) => {
    const runner = state.runners[runnerId]
    return runner !== undefined && isServing(runner)
  })

/** Returns the instance that represents a declaration: the first one that serves, else the newest. */
export const currentInstance = (state: State, metaInstanceId: MetaInstanceId): Instance | undefined => {
  const instances = instancesOf(state, metaInstanceId)
  return instances.find((instance) => isReady(state, instance)) ?? instances.at(-1)
}

/** Returns `currentInstance` for every declaration that has one, in a single pass over the instances. */
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

/** Returns a machine's display name; its short id if it has none. */
export const nodeName = (state: State, nodeId: NodeId): string =>
  state.members[nodeId]?.friendlyName ?? nodeId.slice(0, 8)
