import type { Timestamp } from '../ids'
import type { MetaInstance, MetaInstanceChanges } from '../state/meta-instances'
import { servedId } from '../state/needed-models'
import { leastNodes } from '../state/least-nodes'
import { isOffHours } from '../state/scheduling'
import type { State } from '../state/state'
import { idProblem, nameKey, nameProblem } from '../declarations/names'
import type { Command } from './command'
import { conflict, decided, refused, removedSince, unknown, type Decided } from './decided'

export const createDeclaration = (
  state: State,
  command: Extract<Command, { type: 'CreateMetaInstance' }>,
  now: Timestamp,
): Decided => {
  const { type: _type, metaInstanceId, again, ...wanted } = command
  const removed = again ? removedSince(state, metaInstanceId) : undefined
  if (removed) return removed
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
    minNodes: leastNodes(wanted),
    metaInstanceId,
    generation: 0,
    createdAt: now,
    consecutiveFailures: 0,
    replacements: 0,
  }
  return decided({ type: 'MetaInstanceCreated', metaInstance })
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

export const updateDeclaration = (state: State, command: Extract<Command, { type: 'UpdateMetaInstance' }>): Decided => {
  const { metaInstanceId, changes } = command
  const known = state.metaInstances[metaInstanceId]
  if (!known) return unknown('meta-instance', metaInstanceId)
  const lifetime = lifetimeProblem(known, changes)
  if (lifetime !== undefined) return refused('invalid', lifetime)
  if (isLifetimeAsKnown(known, changes)) return decided()
  const taken = conflict(changesProblem(state, known, command))
  if (taken) return taken
  const wanted = changes.minNodes ?? known.minNodes
  const minNodes = leastNodes({ instanceMeta: changes.instanceMeta ?? known.instanceMeta, minNodes: wanted })
  const complete = {
    ...changes,
    ...(minNodes !== wanted && { minNodes }),
    // 1 is the default, stored as absent.
    ...(changes.replicas === 1 && { replicas: null }),
  }
  return decided({ type: 'MetaInstanceUpdated', metaInstanceId, changes: complete })
}

/** Lets a request load a declaration outside its hours. Does nothing if it is paused or within them. */
export const wakeDeclaration = (state: State, command: Extract<Command, { type: 'WakeMetaInstance' }>): Decided => {
  const { metaInstanceId, onRequest } = command
  const known = state.metaInstances[metaInstanceId]
  if (!known) return unknown('meta-instance', metaInstanceId)
  if (known.paused || known.schedule === undefined || !isOffHours(known)) return decided()
  const { since: _since, ...hours } = known.schedule
  return decided({ type: 'MetaInstanceScheduled', metaInstanceId, schedule: { ...hours, woken: onRequest } })
}
