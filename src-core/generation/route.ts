import type { TaskId } from '../ids'
import { instancesOf, isReady } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { statusOf } from '../state/status'
import { isLive } from '../state/tasks'

/** What a client's model name stands for. */
export interface Target {
  readonly metaInstances: readonly MetaInstance[]
  readonly instances: readonly Instance[]
}

/** By the id or the name of a declaration, else by model: all its declarations and what nothing keeps. */
export const targetOf = (state: State, model: string): Target => {
  const all = Object.values(state.metaInstances)
  const byName = all.filter(({ metaInstanceId, name }) => metaInstanceId === model || name === model)
  if (byName.length > 0) {
    return {
      metaInstances: byName,
      instances: byName.flatMap(({ metaInstanceId }) => instancesOf(state, metaInstanceId)),
    }
  }
  return {
    metaInstances: all.filter(({ modelId }) => modelId === model),
    instances: Object.values(state.instances).filter(({ modelId }) => modelId === model),
  }
}

/** What a request for a model can do now. */
export type Route =
  | { readonly kind: 'ready'; readonly instance: Instance }
  /** It is being placed, loaded or retried. */
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'paused' }
  | { readonly kind: 'unknown' }

const liveTasks = (state: State, instance: Instance, except?: TaskId): number =>
  Object.values(state.tasks).filter(
    (task) => task.instanceId === instance.instanceId && task.taskId !== except && isLive(task),
  ).length

/** The least busy instance that can serve, or why there is none. */
export const routeOf = (state: State, model: string): Route => {
  const { metaInstances, instances } = targetOf(state, model)
  const ready = instances.filter((instance) => isReady(state, instance))
  const [first, ...others] = ready
  if (first) {
    const load = (instance: Instance) => liveTasks(state, instance)
    return {
      kind: 'ready',
      instance: others.reduce((least, other) => (load(other) < load(least) ? other : least), first),
    }
  }
  const active = metaInstances.filter(({ paused }) => !paused)
  if (metaInstances.length > 0 && active.length === 0) return { kind: 'paused' }
  const [declared] = active
  if (declared) {
    const { status, detail } = statusOf(state, declared)
    return { kind: 'wait', reason: `${status}: ${detail}` }
  }
  return instances.length > 0 ? { kind: 'wait', reason: 'it is loading' } : { kind: 'unknown' }
}
