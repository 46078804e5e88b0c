import { isDecision, type Envelope, type Event } from '../../events/event'
import { claimedBytes } from '../../placement/memory'
import { idleUntil } from '../../state/idleness'
import { givingWay, placeDeclared, type ReconcileInputs, runPass } from '../../reconcile/index'
import { isReady } from '../../state/bindings'
import { durablePart } from '../../state/durable'
import type { Instance } from '../../state/instances'
import { canonical } from '../../state/canonical'
import type { MetaInstance } from '../../state/meta-instances'
import { replicasOf, countedReplicas } from '../../state/replicas'
import { asScheduled, isOffHours } from '../../state/scheduling'
import type { Timestamp } from '../../ids'
import type { State } from '../../state/state'
import { isLive } from '../../state/tasks'
import { replayed } from '../master'
import type { Simulation } from '../simulation'

/** An invariant was violated. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export const insist = (holds: boolean, what: () => string): void => {
  if (!holds) throw new Violation(what())
}

/** Only temporary declarations end by themselves: when idle, or evicted for the memory of an always-on one. */
const checkEnd = (event: Extract<Event, { type: 'MetaInstanceDeleted' }>, before: State): void => {
  const { metaInstanceId: id, cause } = event
  if (cause === undefined) return
  const { onRequest, pinned = false } = before.metaInstances[id] ?? {}
  insist(onRequest !== undefined, () => `${id} is always on, but ended by itself`)
  if (cause === 'idle') insist(!pinned, () => `${id} is pinned, but ended as idle`)
}

/** Running requests may be cancelled with their instance, but never because their declaration counted as idle. */
const checkIdle = ({ event }: Envelope, before: State): void => {
  if (event.type !== 'TaskStatusUpdated' || event.status !== 'Cancelled') return
  const task = before.tasks[event.taskId]
  const metaInstanceId = task && isLive(task) ? before.instances[task.instanceId]?.metaInstanceId : undefined
  const metaInstance = metaInstanceId && before.metaInstances[metaInstanceId]
  if (!metaInstance) return
  insist(
    idleUntil(before, metaInstance, { deadlinesBegan: 0 }) === undefined,
    () => `${metaInstanceId} counts as idle while ${event.taskId} runs`,
  )
}

/** Checks that events are numbered and dated in order, and that no machine's memory is claimed twice. */
export const checkEvent = (envelope: Envelope, before: State, after: State): void => {
  const { index, at, event } = envelope
  if (event.type === 'MetaInstanceDeleted') checkEnd(event, before)
  checkIdle(envelope, before)
  insist(index === before.lastEventIndex + 1, () => `event ${index} follows event ${before.lastEventIndex}`)
  insist(at >= before.lastEventAt, () => `event ${index} goes back in time, from ${before.lastEventAt} to ${at}`)
  if (event.type !== 'InstanceCreated') return
  const { instanceId, claims } = event.instance
  const claimed = claimedBytes(after)
  for (const nodeId of Object.keys(claims)) {
    const memory = after.nodes[nodeId]?.memory
    insist(memory !== undefined, () => `${instanceId} is placed on ${nodeId}, which has no report`)
    const has = memory ? Math.min(memory.ramTotal, memory.ramAvailable + memory.heldByRunners) : 0
    const promised = claimed.get(nodeId) ?? 0
    insist(promised <= has, () => `${nodeId} has ${has} bytes and has claims of ${promised}, with ${instanceId}`)
  }
}

const bound = (state: State): Map<string, Instance[]> => {
  const instances = new Map<string, Instance[]>()
  for (const instance of Object.values(state.instances)) {
    const { metaInstanceId } = instance
    if (metaInstanceId === undefined) continue
    instances.set(metaInstanceId, [...(instances.get(metaInstanceId) ?? []), instance])
  }
  return instances
}

/** Checks the instances of one declaration: each replica has at most one replacement, and its own machines. */
const checkReplicas = (state: State, declaration: MetaInstance, instances: readonly Instance[]): void => {
  const { metaInstanceId: id } = declaration
  const replicas = countedReplicas(instances)
  const replaced = instances.flatMap((one) => (replicas.includes(one) ? [] : (one.replaces ?? [])))
  insist(new Set(replaced).size === replaced.length, () => `an instance of ${id} is replaced twice`)
  // Surplus replicas exist only while they finish their requests.
  const hasTasks = (one: Instance): boolean =>
    Object.values(state.tasks).some(({ instanceId }) => instanceId === one.instanceId)
  const extra = replicas.length - replicasOf(declaration)
  insist(extra <= 0 || replicas.filter(hasTasks).length >= extra, () => `${id} has ${replicas.length} instances`)
  const machines = replicas.flatMap(({ shards }) => shards.map(({ nodeId }) => nodeId))
  insist(new Set(machines).size === machines.length, () => `two replicas of ${id} share a machine`)
}

/** Checks what must hold after every pass. `declared`: declarations that were acknowledged and not deleted. */
export const checkPass = (state: State, declared: ReadonlySet<string>): void => {
  for (const id of declared) insist(id in state.metaInstances, () => `the declaration ${id} is lost`)
  for (const id of Object.keys(state.metaInstances))
    insist(declared.has(id), () => `${id} was never declared, or deleted`)
  checkState(state)
}

/** Checks what must hold for a master's state after every pass. */
export const checkState = (state: State): void => {
  for (const [id, instances] of bound(state)) {
    const declaration = state.metaInstances[id]
    insist(declaration !== undefined, () => `${instances.map(({ instanceId }) => instanceId).join()} outlives ${id}`)
    if (declaration) checkReplicas(state, declaration, instances)
    insist(declaration?.paused !== true, () => `${id} is paused and has an instance`)
  }
  for (const { taskId, instanceId, takenBy, status } of Object.values(state.tasks).filter(isLive)) {
    insist(instanceId in state.instances, () => `the task ${taskId} is ${status} on ${instanceId}, which is gone`)
    const isAsked = takenBy === undefined || takenBy in state.members
    insist(isAsked, () => `the task ${taskId} is ${status} for ${takenBy}, which is no member`)
  }
  for (const [runnerId, { instanceId }] of Object.entries(state.runners)) {
    const owns = state.instances[instanceId]?.shards.some((shard) => shard.runnerId === runnerId) ?? false
    insist(owns, () => `the runner ${runnerId} belongs to no instance`)
  }
}

export const declarative = (state: State): string => {
  const { metaInstances, instances, apiKeys, members, settings } = durablePart(state)
  return canonical({ metaInstances, instances, apiKeys, members, settings })
}

/**
 * Whether the hours of a declaration began or ended after this time: the resulting changes may still be in progress.
 */
export const scheduledWithin = ({ metaInstances }: State, from: Timestamp): boolean =>
  Object.values(metaInstances).some(({ schedule }) => schedule !== undefined && schedule.since > from)

/** Checks what must hold once nothing is in progress. */
export const checkRest = ({ master }: Simulation): void => {
  const { decisions } = master
  insist(
    decisions.every(({ event }) => isDecision(event)),
    () => 'an observation is in the log',
  )
  checkMasterAtRest(master.state(), master.inputs(), replayed(decisions))
}

/** The same checks for any master; `logged` is the state that its log gives. */
export const checkMasterAtRest = (state: State, inputs: ReconcileInputs, logged: State): void => {
  const instances = bound(state)
  for (const metaInstance of Object.values(state.metaInstances)) {
    const { metaInstanceId: id, modelId, paused, hours } = metaInstance
    insist(!hours || metaInstance.schedule !== undefined, () => `the hours of ${id} were never evaluated`)
    const rests = paused || isOffHours(metaInstance)
    const own = instances.get(id) ?? []
    const wanted = rests ? 0 : replicasOf(metaInstance)
    insist(own.length <= wanted, () => `${id} has ${own.length} instances at rest`)
    for (const instance of own)
      insist(isReady(state, instance), () => `${instance.instanceId} of ${id} is not ready at rest`)
    const card = inputs.cards[modelId]
    if (own.length === wanted || card?.status !== 'loaded') continue
    const result = placeDeclared(state, card.card, asScheduled(metaInstance), inputs)
    insist(
      result.status === 'refused',
      () => `${id} has ${own.length} of ${wanted} instances, though there is a place for another`,
    )
    const yielding = givingWay(state, card.card, asScheduled(metaInstance), inputs)
    insist(
      yielding === undefined,
      () => `${id} has ${own.length} of ${wanted} instances, though ${yielding?.length} may give way`,
    )
    insist(
      metaInstance.placementError !== undefined,
      () => `${id} has ${own.length} of ${wanted} instances and does not say why`,
    )
  }
  const again = runPass(state, inputs)
  insist(again.events.length === 0, () => `a pass at rest decides ${JSON.stringify(again.events)}`)
  insist(declarative(logged) === declarative(state), () => 'the log holds another state than the master')
}
