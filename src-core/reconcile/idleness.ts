import type { Timestamp } from '../ids'
import { currentInstance, instancesOf, isReady } from '../state/bindings'
import type { MetaInstance } from '../state/meta-instances'
import { temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

/**
 * When temporary declarations are idle, and when they end for it.
 *
 * 1. One with a request under way is never idle, nor is one that loads for the first time.
 * 2. Idleness counts from the end of its last request. Where none has come since it was ready (whoever asked may have
 *    gone), or it cannot be loaded, it counts from then on, and lasts `UNUSED_MS` at least.
 * 3. It begins anew with a new master, which does not know what was used before.
 */

/** How long a model that has just been loaded waits for its first request, however soon it is to end after that. */
export const UNUSED_MS = 60_000

const MS_PER_SECOND = 1000

/** When the deadlines of whoever asks began; 0 for those who only show what the master decides. */
export interface IdlenessInputs {
  readonly deadlinesBegan: Timestamp
}

interface Idleness {
  readonly since: Timestamp
  /** A request was answered since it was ready. */
  readonly used: boolean
}

/** Since when nobody uses it; undefined while somebody does, or it loads. */
const idlenessOf = (
  state: State,
  { metaInstanceId, createdAt, lastFailureError, schedule }: MetaInstance,
  { deadlinesBegan }: IdlenessInputs,
): Idleness | undefined => {
  const instance = currentInstance(state, metaInstanceId)
  if (instance && lastFailureError === undefined && !isReady(state, instance)) return undefined
  const ids = new Set<string>(instancesOf(state, metaInstanceId).map(({ instanceId }) => instanceId))
  if (Object.values(state.tasks).some((task) => ids.has(task.instanceId) && isLive(task))) return undefined
  const lastUsed = state.lastUsed?.[metaInstanceId]
  const readySince = instance?.readySince ?? createdAt
  return {
    since: Math.max(createdAt, schedule?.since ?? 0, readySince, lastUsed ?? 0, deadlinesBegan),
    used: lastUsed !== undefined && lastUsed >= readySince,
  }
}

const until = ({ since, used }: Idleness, idleMs: number): Timestamp =>
  since + (used ? idleMs : Math.max(idleMs, UNUSED_MS))

/** When a temporary declaration ends if nobody asks for it; undefined where it does not. */
export const idleUntil = (state: State, metaInstance: MetaInstance, inputs: IdlenessInputs): Timestamp | undefined => {
  const temporary = temporaryOf(metaInstance)
  if (temporary?.idleSeconds === undefined || metaInstance.pinned === true) return undefined
  const idleness = idlenessOf(state, metaInstance, inputs)
  return idleness && until(idleness, temporary.idleSeconds * MS_PER_SECOND)
}

/** Whether somebody is waiting for an answer of it, or may be about to. */
export const isInDemand = (
  state: State,
  metaInstance: MetaInstance,
  inputs: IdlenessInputs & { readonly now: Timestamp },
): boolean => {
  const idleness = idlenessOf(state, metaInstance, inputs)
  return idleness === undefined || inputs.now < until(idleness, 0)
}

/** When it was last used, or was made. */
export const lastUse = ({ lastUsed = {} }: State, { metaInstanceId, createdAt }: MetaInstance): Timestamp =>
  Math.max(createdAt, lastUsed[metaInstanceId] ?? 0)
