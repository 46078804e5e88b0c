import { decideMerge } from '../merging/index'
import type { Event } from '../events/event'
import type { Timestamp } from '../ids'
import { place } from '../placement/place'
import { machinesTooOldFor } from '../events/decision-protocol'
import { instanceOf } from '../reconcile/instances'
import { instancesOf, nodeName } from '../state/bindings'
import type { MetaInstance, MetaInstanceChanges } from '../state/meta-instances'
import type { SettingChange } from '../settings/cluster'
import { servedId } from '../state/needed-models'
import { isOffHours } from '../state/scheduling'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { applyDeclarations } from './apply-declarations'
import type { Command, Refusal } from './command'
import type { Decided, DecideInputs } from './decided'
import { idProblem, nameKey, nameProblem } from '../declarations/names'
import { removeDeclaration, removeInstance } from '../declarations/removal'

/*
 * `decide` turns a command into the events that carry it out, or refuses it; pure, run by the leader only.
 *
 * 1. The sender chooses the ids of what a command creates, so creating twice creates once. (A repeated command is
 *    normally recognized earlier, by its command id, in `src-main/master/sequencer.ts`.)
 * 2. A refused command changes nothing; a command of several parts is decided completely or not at all.
 * 3. Commands place nothing (except `PlaceInstance`); the reconcile pass does.
 *
 * Held by `decide.test.ts`, for several documents by `declarations/difference.test.ts`.
 */

const decided = (...events: Event[]): Decided => ({ status: 'decided', events })
const refused = (code: Refusal['code'], reason: string, details?: Refusal['details']): Decided => ({
  status: 'refused',
  refusal: { code, reason, ...(details && { details }) },
})

const unknown = (what: string, id: string): Decided => refused('not_found', `There is no ${what} with the id ${id}`)

/** RDMA needs at least two machines. */
const leastNodes = (instanceMeta: MetaInstance['instanceMeta'], minNodes: number): number =>
  instanceMeta === 'MlxJaccl' ? Math.max(2, minNodes) : minNodes

const conflict = (reason: string | undefined): Decided | undefined =>
  reason === undefined ? undefined : refused('conflict', reason)

const isRetired = ({ retired = {} }: State, id: string): boolean => id in retired
const removedSince = (id: string): Decided =>
  refused('conflict', `${id} was declared before a split, and removed since`)

const create = (state: State, command: Extract<Command, { type: 'CreateMetaInstance' }>, now: Timestamp): Decided => {
  const { type: _type, metaInstanceId, again, ...wanted } = command
  if (again && isRetired(state, metaInstanceId)) return removedSince(metaInstanceId)
  const known = state.metaInstances[metaInstanceId]
  if (known) {
    return known.modelId === wanted.modelId && known.name === wanted.name
      ? decided()
      : refused('conflict', `${metaInstanceId} is declared already, for ${known.modelId}`)
  }
  const declared =
    wanted.onRequest && Object.values(state.metaInstances).find((one) => servedId(one) === servedId(wanted))
  if (declared) return refused('conflict', `${wanted.modelId} is declared already, as ${declared.metaInstanceId}`)
  // A declaration of the other side of a split was valid there; it takes precedence over a name here that equals its
  // model's id.
  const notTwice = again ? undefined : (idProblem(state, servedId(wanted)) ?? idProblem(state, metaInstanceId))
  const taken = conflict(notTwice ?? (wanted.name === undefined ? undefined : nameProblem(state, wanted.name, command)))
  if (taken) return taken
  const { replicas, ...fields } = wanted
  const metaInstance: MetaInstance = {
    ...fields,
    ...(replicas !== undefined && replicas > 1 && { replicas }),
    minNodes: leastNodes(wanted.instanceMeta, wanted.minNodes),
    metaInstanceId,
    generation: 0,
    createdAt: now,
    consecutiveFailures: 0,
    replacements: 0,
  }
  return decided({ type: 'MetaInstanceCreated', metaInstance })
}

/** The only member cannot be removed: nobody would be left to lead, and it is alone already. */
const removeMember = (state: State, { nodeId, lasting }: Extract<Command, { type: 'RemoveMember' }>): Decided => {
  const isMember = nodeId in state.members
  if (!isMember && !lasting) return unknown('member', nodeId)
  return isMember && Object.keys(state.members).length === 1
    ? refused('conflict', `${nodeName(state, nodeId)} is the only machine of its cluster: there is nothing to leave`)
    : decided({ type: 'MemberRemoved', nodeId })
}

/** Checks only what changes: a conflict that predates the rules must not block other changes. */
const changesProblem = (
  state: State,
  known: MetaInstance,
  { changes, again }: Extract<Command, { type: 'UpdateMetaInstance' }>,
): string | undefined => {
  const { metaInstanceId } = known
  const changed = {
    metaInstanceId,
    modelId: changes.modelId ?? known.modelId,
    adapterId: changes.adapterId === undefined ? known.adapterId : (changes.adapterId ?? undefined),
  }
  const served = servedId(changed)
  const name = changes.name === undefined ? known.name : (changes.name ?? undefined)
  const otherModel = served !== servedId(known) && !again
  const problem = otherModel ? idProblem(state, served, metaInstanceId) : undefined
  const renamed = name !== undefined && (name !== known.name || (otherModel && nameKey(name) === nameKey(served)))
  return problem ?? (renamed ? nameProblem(state, name, changed) : undefined)
}

/** An always-on declaration has no idle end to change or pin. */
const lifetimeProblem = ({ metaInstanceId, onRequest }: MetaInstance, changes: MetaInstanceChanges) =>
  onRequest === undefined && (changes.onRequest || changes.pinned)
    ? `${metaInstanceId} is always on: only a model that was loaded on request ends by idling or can be pinned`
    : undefined

/** Requests repeat how long a model is to be kept; only a change is recorded. */
const isLifetimeAsKnown = ({ onRequest, pinned }: MetaInstance, changes: MetaInstanceChanges): boolean => {
  const names = Object.keys(changes)
  if (names.length === 0 || names.some((name) => name !== 'onRequest' && name !== 'pinned')) return false
  const sameEnd = !('onRequest' in changes) || changes.onRequest?.idleSeconds === onRequest?.idleSeconds
  const sameKind = !('onRequest' in changes) || (changes.onRequest === null) === (onRequest === undefined)
  return sameEnd && sameKind && (!('pinned' in changes) || (changes.pinned ?? false) === (pinned ?? false))
}

const update = (state: State, command: Extract<Command, { type: 'UpdateMetaInstance' }>): Decided => {
  const { metaInstanceId, changes } = command
  const known = state.metaInstances[metaInstanceId]
  if (!known) return unknown('meta-instance', metaInstanceId)
  const lifetime = lifetimeProblem(known, changes)
  if (lifetime !== undefined) return refused('invalid', lifetime)
  if (isLifetimeAsKnown(known, changes)) return decided()
  const taken = conflict(changesProblem(state, known, command))
  if (taken) return taken
  const wanted = changes.minNodes ?? known.minNodes
  const minNodes = leastNodes(changes.instanceMeta ?? known.instanceMeta, wanted)
  const complete = {
    ...changes,
    ...(minNodes !== known.minNodes && { minNodes }),
    // 1 is the default, stored as absent.
    ...(changes.replicas === 1 && { replicas: null }),
  }
  return decided({ type: 'MetaInstanceUpdated', metaInstanceId, changes: complete })
}

/** Does nothing if the declaration is paused or within its hours. */
const wake = (state: State, command: Extract<Command, { type: 'WakeMetaInstance' }>): Decided => {
  const { metaInstanceId, onRequest } = command
  const known = state.metaInstances[metaInstanceId]
  if (!known) return unknown('meta-instance', metaInstanceId)
  if (known.paused || known.schedule === undefined || !isOffHours(known)) return decided()
  const { since: _since, ...hours } = known.schedule
  return decided({ type: 'MetaInstanceScheduled', metaInstanceId, schedule: { ...hours, woken: onRequest } })
}

const placeInstance = (
  state: State,
  command: Extract<Command, { type: 'PlaceInstance' }>,
  inputs: DecideInputs,
): Decided => {
  const { type: _type, instanceId, card, ...wanted } = command
  if (instanceId in state.instances) return decided()
  const taken = conflict(idProblem(state, servedId(wanted)))
  if (taken) return taken
  const constraints = { ...wanted, minNodes: leastNodes(wanted.instanceMeta, wanted.minNodes) }
  const result = place(state, card, constraints)
  if (result.status === 'refused') return refused('cannot_place', result.error.reason, result.error.details)
  return decided({
    type: 'InstanceCreated',
    instance: instanceOf(result.placement, constraints, { ...inputs, instanceId }),
  })
}

const changeSetting = ({ settings }: State, change: SettingChange): Decided => {
  if (change.key === 'clusterId' && settings.clusterId !== undefined)
    return settings.clusterId === change.value
      ? decided()
      : refused('conflict', 'A cluster keeps the id it was founded with')
  return decided({ type: 'SettingChanged', change })
}

/**
 * Handles the name that a machine reports at each start, taken from its settings, command line or system. If it differs
 * from the name last reported, it was changed on the machine and is adopted; otherwise the name given in the cluster
 * stays.
 */
const admit = (state: State, { member, again }: Extract<Command, { type: 'AdmitMember' }>): Decided => {
  const { nodeId, certificate, friendlyName } = member
  if (again && isRetired(state, nodeId)) return removedSince(nodeId)
  const known = state.members[nodeId]
  if (known?.certificate !== certificate) return decided({ type: 'MemberAdmitted', ...member })
  return friendlyName === (known.ownName ?? known.friendlyName)
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ownName: friendlyName })
}

const rename = (state: State, { nodeId, friendlyName }: Extract<Command, { type: 'RenameMember' }>): Decided => {
  const known = state.members[nodeId]
  if (!known) return unknown('member', nodeId)
  const ownName = known.ownName ?? known.friendlyName
  return known.friendlyName === friendlyName
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ownName })
}

const drain = (state: State, { nodeId, drained }: Extract<Command, { type: 'DrainMember' }>): Decided => {
  const known = state.members[nodeId]
  if (!known) return unknown('member', nodeId)
  const { friendlyName, ownName } = known
  return (known.drained ?? false) === drained
    ? decided()
    : decided({ type: 'MemberUpdated', nodeId, friendlyName, ...(ownName !== undefined && { ownName }), drained })
}

/**
 * Decides a command: returns its events, or the refusal. Places nothing for declarations. Events that an online machine
 * of an older version could not read are refused, except those that the other side of a split has already decided.
 */
export const decide = (state: State, command: Command, inputs: DecideInputs): Decided => {
  const result = outcome(state, command, inputs)
  if (result.status === 'refused' || ('again' in command && command.again)) return result
  const tooOld = machinesTooOldFor(state, result.events)
  if (tooOld.length === 0) return result
  const names = tooOld.map((nodeId) => nodeName(state, nodeId)).join(', ')
  return refused('conflict', `An older Muster runs on ${names} and cannot follow this; update it there first`)
}

const outcome = (state: State, command: Command, inputs: DecideInputs): Decided => {
  switch (command.type) {
    case 'CreateMetaInstance':
      return create(state, command, inputs.now)
    case 'UpdateMetaInstance':
      return update(state, command)
    case 'DeleteMetaInstance': {
      const { metaInstanceId, lasting } = command
      if (!(metaInstanceId in state.metaInstances) && !lasting) return unknown('meta-instance', metaInstanceId)
      return decided(...removeDeclaration(state, metaInstanceId))
    }
    case 'RestartMetaInstance': {
      const { metaInstanceId } = command
      if (!(metaInstanceId in state.metaInstances)) return unknown('meta-instance', metaInstanceId)
      const instances = instancesOf(state, metaInstanceId)
      // Without an instance, a restart retries placement now: the update clears the backoff.
      return instances.length === 0
        ? decided({ type: 'MetaInstanceUpdated', metaInstanceId, changes: {} })
        : decided(...instances.flatMap((instance) => removeInstance(state, instance)))
    }
    case 'WakeMetaInstance':
      return wake(state, command)
    case 'ApplyDeclarations':
      return applyDeclarations(state, command, inputs, decide)
    case 'PlaceInstance':
      return placeInstance(state, command, inputs)
    case 'DeleteInstance': {
      const instance = state.instances[command.instanceId]
      return instance ? decided(...removeInstance(state, instance)) : unknown('instance', command.instanceId)
    }
    case 'CancelTask': {
      const task = state.tasks[command.taskId]
      if (!task) return unknown('task', command.taskId)
      return isLive(task) ? decided({ type: 'TaskStatusUpdated', taskId: task.taskId, status: 'Cancelled' }) : decided()
    }
    case 'CreateApiKey':
      if (command.again && isRetired(state, command.apiKey.apiKeyId)) return removedSince(command.apiKey.apiKeyId)
      return command.apiKey.apiKeyId in state.apiKeys
        ? decided()
        : decided({ type: 'ApiKeyCreated', apiKey: { ...command.apiKey, createdAt: inputs.now } })
    case 'UpdateApiKey':
      return command.apiKeyId in state.apiKeys
        ? decided({ type: 'ApiKeyUpdated', apiKeyId: command.apiKeyId, changes: command.changes })
        : unknown('API key', command.apiKeyId)
    case 'RevokeApiKey':
      return command.apiKeyId in state.apiKeys || command.lasting
        ? decided({ type: 'ApiKeyRevoked', apiKeyId: command.apiKeyId })
        : unknown('API key', command.apiKeyId)
    case 'ChangeSetting':
      return changeSetting(state, command.change)
    case 'AdmitMember':
      return admit(state, command)
    case 'RenameMember':
      return rename(state, command)
    case 'DrainMember':
      return drain(state, command)
    case 'RemoveMember':
      return removeMember(state, command)
    case 'MergeDeclarations':
      return decided(...decideMerge(state, command))
  }
}
