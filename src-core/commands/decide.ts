import { decideMerge } from '../merging/index'
import { placePreferably } from '../placement/place-preferably'
import { PlacementSpace } from '../placement/space'
import { machinesTooOldFor } from '../events/decision-protocol'
import { instanceOf } from '../reconcile/index'
import { instancesOf, nodeName } from '../state/bindings'
import type { SettingChange } from '../settings/cluster'
import { leastNodes } from '../state/least-nodes'
import { servedId } from '../state/needed-models'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { applyDeclarations } from './apply-declarations'
import type { Command } from './command'
import { conflict, decided, refused, removedSince, unknown, type Decided, type DecideInputs } from './decided'
import { createDeclaration, updateDeclaration, wakeDeclaration } from './declaring'
import { admitMember, drainMember, removeMember, renameMember } from './membership'
import { idProblem } from '../declarations/names'
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

const placeInstance = (
  state: State,
  command: Extract<Command, { type: 'PlaceInstance' }>,
  inputs: DecideInputs,
): Decided => {
  const { type: _type, instanceId, card, ...wanted } = command
  if (instanceId in state.instances) return decided()
  const taken = conflict(idProblem(state, servedId(wanted)))
  if (taken) return taken
  const constraints = { ...wanted, minNodes: leastNodes(wanted) }
  const result = placePreferably(new PlacementSpace(state), card, constraints)
  if (result.status === 'refused') return refused('cannot_place', result.error.reason, result.error.details)
  return decided({
    type: 'InstanceCreated',
    instance: instanceOf(result.placement, constraints, { ...inputs, instanceId }),
  })
}

const createApiKey = (
  state: State,
  { apiKey, again }: Extract<Command, { type: 'CreateApiKey' }>,
  { now }: DecideInputs,
): Decided => {
  const removed = again ? removedSince(state, apiKey.apiKeyId) : undefined
  if (removed) return removed
  return apiKey.apiKeyId in state.apiKeys
    ? decided()
    : decided({ type: 'ApiKeyCreated', apiKey: { ...apiKey, createdAt: now } })
}

const changeSetting = ({ settings }: State, change: SettingChange): Decided => {
  if (change.key === 'clusterId' && settings.clusterId !== undefined)
    return settings.clusterId === change.value
      ? decided()
      : refused('conflict', 'A cluster keeps the id it was founded with')
  return decided({ type: 'SettingChanged', change })
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
      return createDeclaration(state, command, inputs.now)
    case 'UpdateMetaInstance':
      return updateDeclaration(state, command)
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
      return wakeDeclaration(state, command)
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
      return createApiKey(state, command, inputs)
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
      return admitMember(state, command)
    case 'RenameMember':
      return renameMember(state, command)
    case 'DrainMember':
      return drainMember(state, command)
    case 'RemoveMember':
      return removeMember(state, command)
    case 'MergeDeclarations':
      return decided(...decideMerge(state, command))
  }
}
