import { MetaInstance, type MetaInstanceChanges, type CannotLoad } from '../state/meta-instances'
import type { State } from '../state/state'
import { amend, drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

const MAX_PLACING_DELAY_MS = 60_000

/** Delay before placing after the n-th replacement: none after the first, then 1, 2, 4 … 60 s. */
export const placingDelayMs = (replacements: number): number =>
  replacements <= 1 ? 0 : Math.min(MAX_PLACING_DELAY_MS, 1000 * 2 ** Math.min(replacements - 2, 16))

const without = <Value extends object, Key extends keyof Value>(value: Value, ...keys: Key[]): Omit<Value, Key> => {
  const copy = { ...value }
  for (const key of keys) delete copy[key]
  return copy
}

/** Keeps one entry per machine, the latest. */
const withLatest = (known: readonly CannotLoad[] = [], latest: readonly CannotLoad[]): CannotLoad[] => [
  ...known.filter(({ nodeId }) => !latest.some((one) => one.nodeId === nodeId)),
  ...latest,
]

/** Applies changes: `null` clears a field, `undefined` leaves it as it is. */
export const withChanges = (metaInstance: MetaInstance, changes: MetaInstanceChanges): MetaInstance => {
  const entries = Object.entries({ ...metaInstance, ...changes }).map(([key, value]) => [
    key,
    value === undefined ? metaInstance[key as keyof MetaInstance] : value,
  ])
  return MetaInstance.parse(Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined)))
}

export const reduceMetaInstances = (state: State, { at, event }: Envelope): Changes<MetaInstance> | undefined => {
  const family = state.metaInstances
  switch (event.type) {
    case 'MetaInstanceCreated':
      return put(event.metaInstance.metaInstanceId, event.metaInstance)
    case 'MetaInstanceUpdated':
      return amend(family, event.metaInstanceId, (metaInstance) => ({
        ...without(
          withChanges(metaInstance, event.changes),
          'nextAttemptAt',
          'placementError',
          'failedNodeIds',
          'cannotLoad',
          ...(event.changes.hours === undefined ? [] : ['schedule' as const]),
        ),
        generation: metaInstance.generation + 1,
        consecutiveFailures: 0,
        replacements: 0,
      }))
    case 'MetaInstanceDeleted':
      return drop(family, event.metaInstanceId)
    case 'MetaInstancePlacementFailed': {
      const { reason, coded, code, details } = event
      const placementError = { reason, ...(coded && { coded }), code, ...(details && { details }) }
      return amend(family, event.metaInstanceId, (metaInstance) => ({ ...metaInstance, placementError }))
    }
    case 'MetaInstanceScheduled':
      return amend(family, event.metaInstanceId, (metaInstance) => {
        const { schedule } = event
        const elsewhere = schedule.nodeIds?.join() !== metaInstance.schedule?.nodeIds?.join()
        return {
          ...without(metaInstance, 'placementError', 'nextAttemptAt'),
          schedule: { ...schedule, since: at },
          // The schedule names other machines: a new generation makes the reconciler check the instances against it.
          generation: metaInstance.generation + (elsewhere ? 1 : 0),
        }
      })
    case 'MetaInstanceRecovered':
      return amend(family, event.metaInstanceId, (metaInstance) => ({
        ...without(metaInstance, 'lastFailureError', 'lastFailure', 'failedNodeIds'),
        consecutiveFailures: 0,
        replacements: 0,
      }))
    case 'InstanceCreated': {
      const { metaInstanceId } = event.instance
      if (metaInstanceId === undefined) return undefined
      return amend(family, metaInstanceId, (metaInstance) => ({
        ...without(metaInstance, 'placementError', 'nextAttemptAt'),
        consecutiveFailures: 0,
      }))
    }
    case 'InstanceRetrying':
      // If the instance no longer exists, its deletion has counted the failure.
      if (!(event.instanceId in state.instances)) return undefined
      return amend(family, event.metaInstanceId, (metaInstance) => ({
        ...without(metaInstance, 'lastFailure'),
        consecutiveFailures: metaInstance.consecutiveFailures + 1,
        lastFailureError: event.failureError,
        ...(event.failure && { lastFailure: event.failure }),
      }))
    case 'InstanceDeleted': {
      const metaInstanceId = state.instances[event.instanceId]?.metaInstanceId
      const { failureError, failure, cause, failedNodeIds, cannotLoad } = event
      if (metaInstanceId === undefined || failureError === undefined) return undefined
      return amend(family, metaInstanceId, (metaInstance) => {
        // A machine that cannot load the model is excluded from the next placement, so no delay is needed.
        const repeats = cause === 'runners' && cannotLoad === undefined
        const replacements = metaInstance.replacements + (repeats ? 1 : 0)
        return {
          ...without(metaInstance, 'lastFailure'),
          consecutiveFailures: metaInstance.consecutiveFailures + 1,
          lastFailureError: failureError,
          ...(failure && { lastFailure: failure }),
          replacements,
          ...(failedNodeIds && { failedNodeIds }),
          ...(cannotLoad && { cannotLoad: withLatest(metaInstance.cannotLoad, cannotLoad) }),
          ...(repeats && { nextAttemptAt: at + placingDelayMs(replacements) }),
        }
      })
    }
    default:
      return undefined
  }
}
