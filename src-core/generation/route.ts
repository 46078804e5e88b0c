import type { RunnerId, TaskId } from '../ids'
import { instancesOf, isReady } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { statusOf } from '../state/status'
import { isLive, type Task } from '../state/tasks'

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

/** What whoever routes knows better than the state, which hears of everything a little later. */
export interface Known {
  /** Requests that were just brought somewhere, by task. */
  readonly underWay?: ReadonlyMap<TaskId, Pick<Task, 'instanceId'>>
  /** Runners of rank 0 that have just failed or cannot be reached; a new attempt is a new runner. */
  readonly lost?: ReadonlySet<RunnerId>
}

const load = (state: State, { instanceId }: Instance, { underWay }: Known): number =>
  Object.values(state.tasks).filter((task) => task.instanceId === instanceId && isLive(task)).length +
  [...(underWay ?? [])].filter(([taskId, task]) => task.instanceId === instanceId && !(taskId in state.tasks)).length

const isLost = ({ shards: [first] }: Instance, { lost }: Known): boolean =>
  first !== undefined && lost?.has(first.runnerId) === true

/** The least busy instance that can serve, or why there is none. */
export const routeOf = (state: State, model: string, known: Known = {}): Route => {
  const { metaInstances, instances } = targetOf(state, model)
  const usable = instances.filter((instance) => isReady(state, instance))
  const [first, ...others] = usable.filter((instance) => !isLost(instance, known))
  if (first) {
    return {
      kind: 'ready',
      instance: others.reduce(
        (least, other) => (load(state, other, known) < load(state, least, known) ? other : least),
        first,
      ),
    }
  }
  if (usable.length > 0) return { kind: 'wait', reason: 'its machine has just gone' }
  const active = metaInstances.filter(({ paused }) => !paused)
  if (metaInstances.length > 0 && active.length === 0) return { kind: 'paused' }
  const [declared] = active
  if (declared) {
    const { status, detail } = statusOf(state, declared)
    return { kind: 'wait', reason: `${status}: ${detail}` }
  }
  return instances.length > 0 ? { kind: 'wait', reason: 'it is loading' } : { kind: 'unknown' }
}
