import type { Timestamp } from '../ids'
import { currentInstance, instancesOf, isReady } from './bindings'
import type { MetaInstance } from './meta-instances'
import { temporaryOf } from './scheduling'
import type { State } from './state'
import { isLive } from './tasks'

/**
 * When temporary declarations are idle, and when they end because of it.
 * | 1. A declaration with a running request is not idle, nor is one that loads for the first time.
 * 2. Idleness counts from the end of the last request. Without a request since the instance became ready (the client
 *    may have gone), or if it cannot be loaded, it counts from then and lasts at least `UNUSED_MS`.
 * 3. It restarts with a new leader, which does not know of earlier requests.
 */

/** How long a freshly loaded model waits for its first request, even if its idle time is shorter. */
export const UNUSED_MS = 60_000

const MS_PER_SECOND = 1000

/** Start of the caller's deadlines; 0 for callers that only display what the leader decides. */
export interface IdlenessInputs {
  readonly deadlinesBegan: Timestamp
}

interface Idleness {
  readonly since: Timestamp
  /** Whether a request ended since the instance became ready. */
  readonly used: boolean
}

/** Since when it is idle; undefined while it has a running request or loads. */
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

/** When a temporary declaration ends unless a request comes; undefined if it does not. */
export const idleUntil = (state: State, metaInstance: MetaInstance, inputs: IdlenessInputs): Timestamp | undefined => {
  const temporary = temporaryOf(metaInstance)
  if (temporary?.idleSeconds === undefined || metaInstance.pinned === true) return undefined
  const idleness = idlenessOf(state, metaInstance, inputs)
  return idleness && until(idleness, temporary.idleSeconds * MS_PER_SECOND)
}

/** Whether requests are running, or the first one may be about to come. */
export const isInDemand = (
  state: State,
  metaInstance: MetaInstance,
  inputs: IdlenessInputs & { readonly now: Timestamp },
): boolean => {
  const idleness = idlenessOf(state, metaInstance, inputs)
  return idleness === undefined || inputs.now < until(idleness, 0)
}

/** When it was last used, or created if never. */
export const lastUse = ({ lastUsed = {} }: State, { metaInstanceId, createdAt }: MetaInstance): Timestamp =>
  Math.max(createdAt, lastUsed[metaInstanceId] ?? 0)
