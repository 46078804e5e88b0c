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
import { epochMs } from '../time/clocks'

/** What a client's model name resolves to. */
export interface Target {
  readonly metaInstances: readonly MetaInstance[]
  readonly instances: readonly Instance[]
}

/**
 * Resolves a name: first the id of a model or an adapter, with all its declarations and its undeclared instances; else
 * the id, else the name of a declaration. The order matters only where an older log holds a name that commands refuse
 * today (declarations/names.ts).
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

/** The result of routing a request for a model. */
export type Route =
  | { readonly kind: 'ready'; readonly instance: Instance }
  /** Being placed, loaded or retried. */
  | { readonly kind: 'wait'; readonly reason: string }
  /** It was loaded on request, and it does not fit on any machine. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It is ready, but every instance has just refused the request. */
  | { readonly kind: 'full' }
  | { readonly kind: 'paused' }
  /** Outside its schedule. */
  | { readonly kind: 'off'; readonly metaInstance: MetaInstance }
  | { readonly kind: 'unknown' }

/** What the routing node knows ahead of the replicated state, which lags a little. */
export interface Known {
  /** Requests just sent to an instance, by task. */
  readonly underWay?: ReadonlyMap<TaskId, Pick<Task, 'instanceId'>>
  /** Rank 0 runners that have just failed or are unreachable; a new attempt is a new runner. */
  readonly lost?: ReadonlySet<RunnerId>
  /** Instances that have just refused this request because their queue is full. */
  readonly full?: ReadonlySet<InstanceId>
  /** Size of the longest prefix of this request's prompt that this rank 0 runner has cached; 0 if none. */
  readonly held?: (runnerId: RunnerId) => number
}

/** An instance that could take the request. */
export interface Candidate {
  /** Requests running or queued on it. */
  readonly load: number
  /** Size of the longest cached prefix of the prompt. */
  readonly held: number
}

/** The largest load difference to the least loaded instance at which a cached prefix still wins. */
export const MAX_LEAD = BATCH_SIZE / 4

/**
 * Picks the candidate for the request: the longest cached prefix, then the lowest load, then the first. A prefix counts
 * only while its instance is not much busier than the least loaded one, because recomputing a prompt takes less time
 * than waiting for many answers:
 *
 * 1. Its load may exceed the least loaded candidate's by at most `MAX_LEAD`.
 * 2. If its batch is full, so that the request would queue, the least loaded one's must be full too.
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

/** Live requests per instance. */
const loads = (state: State, { underWay = new Map() }: Known): ReadonlyMap<InstanceId, number> => {
  const counts = new Map<InstanceId, number>()
  const count = (instanceId: InstanceId): void => void counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1)
  for (const task of Object.values(state.tasks)) if (isLive(task)) count(task.instanceId)
  for (const [taskId, { instanceId }] of underWay) if (!(taskId in state.tasks)) count(instanceId)
  return counts
}

const isLost = ({ shards: [first] }: Instance, { lost }: Known): boolean =>
  first !== undefined && lost?.has(first.runnerId) === true

/**
 * Draining: its declaration is outside its schedule, or fewer replicas are wanted. It finishes its requests and gets no
 * new ones.
 */
const isEnding = (state: State, instance: Instance, others: readonly Instance[]): boolean => {
  const { metaInstanceId } = instance
  const declared = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
  if (declared === undefined) return false
  const own = others.filter((one) => one.metaInstanceId === metaInstanceId)
  return isOffHours(declared) || surplusReplicas(state, declared, own).includes(instance)
}

const resumesAt = ({ schedule }: MetaInstance): number =>
  schedule?.until === undefined ? Infinity : epochMs(schedule.until)

/** Of declarations outside their schedule, the one that resumes first. */
const soonest = (off: readonly MetaInstance[]): MetaInstance | undefined =>
  [...off].sort((a, b) => resumesAt(a) - resumesAt(b))[0]

/** Returns the instance (`preferred`) among those that can serve, or why there is none. */
export const routeOf = (state: State, model: string, known: Known = {}): Route => {
  const { metaInstances, instances } = targetOf(state, model)
  const ready = instances.filter((instance) => isReady(state, instance) && !isEnding(state, instance, instances))
  // An instance that is being replaced finishes its requests and gets no new ones.
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
