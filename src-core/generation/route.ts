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

/**
 * By a model's id: all its declarations and what nothing keeps; else by the id, else by the name of a declaration. This
 * order decides only where an older log holds a name that today's commands refuse (commands/names.ts).
 */
export const targetOf = (state: State, model: string): Target => {
  const declared = Object.values(state.metaInstances)
  const byModel = {
    metaInstances: declared.filter(({ modelId }) => modelId === model),
    instances: Object.values(state.instances).filter(({ modelId }) => modelId === model),
  }
  if (byModel.metaInstances.length + byModel.instances.length > 0) return byModel
  const byId = declared.filter(({ metaInstanceId }) => metaInstanceId === model)
  const metaInstances = byId.length > 0 ? byId : declared.filter(({ name }) => name === model)
  return {
    metaInstances,
    instances: metaInstances.flatMap(({ metaInstanceId }) => instancesOf(state, metaInstanceId)),
  }
}

/** What a request for a model can do now. */
export type Route =
  | { readonly kind: 'ready'; readonly instance: Instance }
  /** It is being placed, loaded or retried. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** It was loaded on request, and there is no place for it. */
  | { readonly kind: 'refused'; readonly reason: string }
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
  if (declared?.onRequest && declared.placementError) return { kind: 'refused', reason: declared.placementError.reason }
  if (declared) {
    const { status, detail } = statusOf(state, declared)
    return { kind: 'wait', reason: `${status}: ${detail}` }
  }
  return instances.length > 0 ? { kind: 'wait', reason: 'it is loading' } : { kind: 'unknown' }
}
