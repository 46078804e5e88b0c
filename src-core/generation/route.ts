import type { InstanceId, RunnerId, TaskId } from '../ids'
import { BATCH_SIZE } from './batch'
import { instancesOf, isReady } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import { servedId } from '../state/needed-models'
import { surplusReplicas } from '../state/replicas'
import { isOffHours, temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { statusOf } from '../state/status'
import { isLive, type Task } from '../state/tasks'

/** What a client's model name stands for. */
export interface Target {
  readonly metaInstances: readonly MetaInstance[]
  readonly instances: readonly Instance[]
}

/**
 * By the id of a model, or of an adapter: all its declarations and what nothing keeps; else by the id, else by the name of a declaration. This
 * order decides only where an older log holds a name that today's commands refuse (declarations/names.ts).
 */
export const targetOf = (state: State, model: string): Target => {
  const declared = Object.values(state.metaInstances)
  const byModel = {
    metaInstances: declared.filter((one) => servedId(one) === model),
    instances: Object.values(state.instances).filter((one) => servedId(one) === model),
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
  /** It can serve, and every instance has just refused the request. */
  | { readonly kind: 'full' }
  | { readonly kind: 'paused' }
  /** Outside its hours. */
  | { readonly kind: 'off'; readonly metaInstance: MetaInstance }
  | { readonly kind: 'unknown' }

/** What whoever routes knows better than the state, which hears of everything a little later. */
export interface Known {
  /** Requests that were just brought somewhere, by task. */
  readonly underWay?: ReadonlyMap<TaskId, Pick<Task, 'instanceId'>>
  /** Runners of rank 0 that have just failed or cannot be reached; a new attempt is a new runner. */
  readonly lost?: ReadonlySet<RunnerId>
  /** Instances that have just refused this request because too many wait there. */
  readonly full?: ReadonlySet<InstanceId>
  /** How much of this request's prompt that runner of rank 0 has computed; 0 where it knows none of it. */
  readonly held?: (runnerId: RunnerId) => number
}

/** An instance that could take the request. */
export interface Candidate {
  /** Requests that it is computing or that wait for it. */
  readonly load: number
  /** Size of the longest prefix of the prompt that it has computed. */
  readonly held: number
}

/** More live requests than the least busy instance has, with which a prefix still decides. */
export const MAX_LEAD = BATCH_SIZE / 4

/**
 * The candidate that takes the request: the one that holds the longest prefix of it, then the least busy, then the
 * first. A prefix counts only while its instance is not far busier than the least busy one, because a prompt is
 * computed sooner than many answers:
 *
 * 1. It must have at most `MAX_LEAD` more live requests than the least busy candidate.
 * 2. Where its batch is full, so that the request would wait, the least busy one's must be full too.
 */
export const preferred = <Some extends Candidate>(candidates: readonly Some[]): Some | undefined => {
  const least = Math.min(...candidates.map(({ load }) => load))
  const advantage = ({ load, held }: Candidate): number => {
    const waitsInVain = load >= BATCH_SIZE && least < BATCH_SIZE
    return load - least > MAX_LEAD || waitsInVain ? 0 : held
  }
  const [first, ...others] = candidates
  if (first === undefined) return undefined
  return others.reduce((best, other) => {
    const more = advantage(other) - advantage(best)
    return more > 0 || (more === 0 && other.load < best.load) ? other : best
  }, first)
}

/** Live requests by instance. */
const loads = (state: State, { underWay = new Map() }: Known): ReadonlyMap<InstanceId, number> => {
  const counts = new Map<InstanceId, number>()
  const count = (instanceId: InstanceId): void => void counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1)
  for (const task of Object.values(state.tasks)) if (isLive(task)) count(task.instanceId)
  for (const [taskId, { instanceId }] of underWay) if (!(taskId in state.tasks)) count(instanceId)
  return counts
}

const isLost = ({ shards: [first] }: Instance, { lost }: Known): boolean =>
  first !== undefined && lost?.has(first.runnerId) === true

/** Its declaration's hours are over, or fewer replicas are wanted: it ends what it has, and gets nothing new. */
const isEnding = (state: State, instance: Instance, others: readonly Instance[]): boolean => {
  const { metaInstanceId } = instance
  const declared = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
  if (declared === undefined) return false
  const own = others.filter((one) => one.metaInstanceId === metaInstanceId)
  return isOffHours(declared) || surplusReplicas(state, declared, own).includes(instance)
}

/** Of declarations outside their hours the one that comes back first. */
const soonest = (off: readonly MetaInstance[]): MetaInstance | undefined =>
  [...off].sort((a, b) => (a.schedule?.until ?? Infinity) - (b.schedule?.until ?? Infinity))[0]

/** The instance that takes a request (`preferred`) of those that can serve, or why there is none. */
export const routeOf = (state: State, model: string, known: Known = {}): Route => {
  const { metaInstances, instances } = targetOf(state, model)
  const ready = instances.filter((instance) => isReady(state, instance) && !isEnding(state, instance, instances))
  // One that is replaced ends what it has, and gets nothing new.
  const replaced = new Set(ready.flatMap(({ replaces }) => replaces ?? []))
  const usable = ready.filter((instance) => !isLost(instance, known) && !replaced.has(instance.instanceId))
  const open = usable.filter(({ instanceId }) => known.full?.has(instanceId) !== true)
  const load = open.length > 1 ? loads(state, known) : undefined
  const best = preferred(
    open.map((instance) => {
      const [first] = instance.shards
      const held = first === undefined ? 0 : (known.held?.(first.runnerId) ?? 0)
      return { instance, load: load?.get(instance.instanceId) ?? 0, held }
    }),
  )
  if (best) return { kind: 'ready', instance: best.instance }
  if (usable.length > 0) return { kind: 'full' }
  if (ready.length > 0) return { kind: 'wait', reason: 'its machine has just gone' }
  const unpaused = metaInstances.filter(({ paused }) => !paused)
  if (metaInstances.length > 0 && unpaused.length === 0) return { kind: 'paused' }
  const active = unpaused.filter((one) => !isOffHours(one))
  const [off] = unpaused
  if (off !== undefined && active.length === 0) return { kind: 'off', metaInstance: soonest(unpaused) ?? off }
  const refused = active.find((one) => temporaryOf(one) && one.placementError)
  const declared = active.find((one) => one !== refused)
  if (declared) {
    const { status, detail } = statusOf(state, declared)
    return { kind: 'wait', reason: `${status}: ${detail}` }
  }
  if (refused?.placementError) return { kind: 'refused', reason: refused.placementError.reason }
  return instances.length > 0 ? { kind: 'wait', reason: 'it is loading' } : { kind: 'unknown' }
}
