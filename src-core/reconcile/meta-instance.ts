import { endTemporary } from '../declarations/removal'
import type { Event } from '../events/event'
import { fold, placingDelayMs } from '../fold/index'
import { refusal as placementRefusal } from '../placement/placement-refusal'
import { coded } from '../texts/coded'
import type { MetaInstanceId, Timestamp } from '../ids'
import { isReady } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance, PlacementError } from '../state/meta-instances'
import { replicasOf, countedReplicas, surplusReplicas } from '../state/replicas'
import { asScheduled, isOffHours, temporaryOf } from '../state/scheduling'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { next } from '../events/next'
import { declaredCard } from './declared-card'
import { instanceOf, isLeaving, stillFits } from './instances'
import { isExpected } from './expected'
import { givingWay, placeDeclared } from './placing'
import type { Need, ProcessManager, ReconcileInputs } from './process-manager'

type Outcome = { readonly events: readonly Event[]; readonly needs?: readonly Need[] }
const nothing: Outcome = { events: [] }

const deleted = ({ instanceId }: Instance): Event => ({ type: 'InstanceDeleted', instanceId })

/** Evicts an instance. If it belongs to a temporary declaration, that declaration ends with it. */
const evicted = (state: State, instance: Instance, { name, modelId }: MetaInstance): Event[] => {
  const owner = instance.metaInstanceId === undefined ? undefined : state.metaInstances[instance.metaInstanceId]
  return owner === undefined
    ? [deleted(instance)]
    : endTemporary(state, owner, { cause: 'memory', reason: `its memory was needed for ${name ?? modelId}` })
}

/** Key of a refusal: it is recorded again only when its code or its machines change. */
const named = ({ code, details, reason }: PlacementError): string =>
  details === undefined
    ? `${code} ${reason}`
    : JSON.stringify([
        code,
        details.removed.map(({ rule, nodeIds }) => [rule, nodeIds]),
        details.remaining,
        details.withoutRdma?.map(({ nodeIds, reasons }) => [
          nodeIds,
          reasons.map(({ code: why, nodeId }) => [why, nodeId]),
        ]),
      ])

const refusal = (metaInstance: MetaInstance, error: PlacementError): Outcome => {
  const known = metaInstance.placementError
  if (known && named(known) === named(error)) return nothing
  return { events: [{ type: 'MetaInstancePlacementFailed', metaInstanceId: metaInstance.metaInstanceId, ...error }] }
}

/**
 * Whether placing is still delayed. A time further ahead than the delay itself is ignored: another leader's clock set
 * it.
 */
const isWaiting = ({ nextAttemptAt = 0, replacements }: MetaInstance, now: Timestamp): boolean =>
  now < nextAttemptAt && nextAttemptAt <= now + placingDelayMs(replacements)

interface Replacing {
  readonly old: Instance
  /** Whether the old instance may be deleted before its replacement exists, when memory does not allow both. */
  readonly mayGoFirst: boolean
}

const placed = (
  state: State,
  metaInstance: MetaInstance,
  passInputs: ReconcileInputs,
  replacing?: Replacing,
): Outcome => {
  const old = replacing?.old
  const inputs = { ...passInputs, replaced: old }
  const { metaInstanceId, generation } = metaInstance
  if (isWaiting(metaInstance, inputs.now)) return nothing
  const result = declaredCard(inputs.cards, metaInstance)
  if (result.status === 'missing') {
    const { modelId, reason } = result
    const { events } =
      reason === undefined
        ? nothing
        : refusal(metaInstance, placementRefusal('model_card', coded('refusals.modelCard', { reason })))
    return { events, needs: [{ kind: 'modelCard', modelId }] }
  }
  const { card } = result
  const beside = placeDeclared(state, card, metaInstance, inputs)
  if (beside.status === 'placed') {
    const instance = instanceOf(beside.placement, metaInstance, {
      ids: inputs.ids,
      now: inputs.now,
      metaInstanceId,
      generation,
      ...(old && { replaces: old.instanceId }),
    })
    return { events: [{ type: 'InstanceCreated', instance }] }
  }
  const temporary = givingWay(state, card, metaInstance, inputs)
  if (temporary) {
    // A declaration whose instance is being replaced has two instances; end it once.
    const once = temporary.filter(
      ({ metaInstanceId: id }, at) =>
        id === undefined || temporary.findIndex((one) => one.metaInstanceId === id) === at,
    )
    return { events: once.flatMap((instance) => evicted(state, instance, metaInstance)) }
  }
  // Not its turn yet: another replica is not ready.
  if (replacing && !replacing.mayGoFirst) return nothing
  if (old) {
    // Memory does not allow both: delete the old one first, if that makes room.
    const alone = fold(state, next(state, deleted(old), inputs.now))
    const room =
      placeDeclared(alone, card, metaInstance, inputs).status === 'placed' ||
      givingWay(alone, card, metaInstance, inputs) !== undefined
    if (room) return { events: [deleted(old)] }
  }
  // Do not report a refusal while an expected member may still report and change it.
  const awaited = Object.values(state.members).some(({ nodeId }) => isExpected(state, nodeId, inputs))
  return awaited ? nothing : refusal(metaInstance, beside.error)
}

const isBusy = ({ tasks }: State, { instanceId }: Instance): boolean =>
  Object.values(tasks).some((task) => task.instanceId === instanceId && isLive(task))

/** How long an instance that is to be deleted may take to finish its running requests. */
const FINISHING_MS = 120_000

const isFinishing = (state: State, old: Instance, { readySince }: Instance, { now }: ReconcileInputs): boolean =>
  readySince !== undefined && now < readySince + FINISHING_MS && isBusy(state, old)

/** Running requests are finished in the same way when the declaration's hours end. */
const endsAnswers = (state: State, { schedule }: MetaInstance, instance: Instance, { now }: ReconcileInputs): boolean =>
  schedule !== undefined && now < schedule.since + FINISHING_MS && isBusy(state, instance)

const settle = (
  state: State,
  metaInstance: MetaInstance,
  instances: readonly Instance[],
  inputs: ReconcileInputs,
): Outcome => {
  if (metaInstance.paused) return { events: instances.map(deleted) }
  if (isOffHours(metaInstance))
    return { events: instances.filter((instance) => !endsAnswers(state, metaInstance, instance, inputs)).map(deleted) }
  const isKept = (instance: Instance): boolean =>
    stillFits(state, instance, metaInstance) && !isLeaving(state, instance)
  const replacements = instances.flatMap((newer) => {
    const old = instances.find(({ instanceId }) => instanceId === newer.replaces)
    return old ? [{ old, newer }] : []
  })
  const ended = replacements.flatMap(({ old, newer }): Event[] => {
    if (isReady(state, newer)) return isFinishing(state, old, newer, inputs) ? [] : [deleted(old)]
    return isKept(newer) ? [] : [deleted(newer)]
  })
  const tooMany = surplusReplicas(state, metaInstance, instances).filter((instance) => !isBusy(state, instance))
  if (ended.length + tooMany.length > 0) return { events: [...ended, ...tooMany.map(deleted)] }
  const replicas = countedReplicas(instances)
  const isMissing = replicas.length < replicasOf(metaInstance)
  const further = isMissing ? placed(state, metaInstance, inputs) : nothing
  // Replace one instance at a time, and delete none first while other replicas are not ready.
  const old = replacements.length > 0 ? undefined : replicas.find((instance) => !isKept(instance))
  if (further.events.length > 0 || old === undefined) return further
  const mayGoFirst = replicas.every((instance) => instance === old || isReady(state, instance))
  const { events, needs = [] } = placed(state, metaInstance, inputs, { old, mayGoFirst })
  // If a replica is missing, report why that one cannot be placed, not why a serving one cannot move.
  const reported = events.filter(({ type }) => !isMissing || type !== 'MetaInstancePlacementFailed')
  return { events: reported, needs: [...(further.needs ?? []), ...needs] }
}

/** Temporary declarations come last: one placed earlier could be evicted at once for an always-on one. */
const alwaysOnFirst = ({ metaInstances }: State): MetaInstance[] => {
  const all = Object.values(metaInstances)
  return [...all.filter((one) => !temporaryOf(one)), ...all.filter(temporaryOf)]
}

/**
 * Reconciles every declaration with its instances: creates missing ones, replaces those that no longer fit, and deletes
 * surplus ones and those without a declaration. Later declarations see the instances placed for earlier ones and the
 * memory that these claim.
 */
export const metaInstance: ProcessManager = {
  name: 'meta-instance',
  reconcile: (state, inputs) => {
    const events: Event[] = []
    const needs: Need[] = []
    let seen = state
    const record = (outcome: Outcome): void => {
      for (const event of outcome.events) {
        seen = fold(seen, next(seen, event, inputs.now))
        events.push(event)
      }
      needs.push(...(outcome.needs ?? []))
    }
    const bound = new Map<MetaInstanceId, Instance[]>()
    for (const instance of Object.values(state.instances)) {
      const { metaInstanceId } = instance
      if (metaInstanceId === undefined) continue
      const others = bound.get(metaInstanceId)
      if (others) others.push(instance)
      else bound.set(metaInstanceId, [instance])
      if (!(metaInstanceId in state.metaInstances)) record({ events: [deleted(instance)] })
    }
    for (const { metaInstanceId } of alwaysOnFirst(state)) {
      // Read from the updated state: it may have been evicted for an earlier one.
      const declaration = seen.metaInstances[metaInstanceId]
      if (!declaration) continue
      const instances = bound.get(metaInstanceId)?.filter(({ instanceId }) => instanceId in seen.instances) ?? []
      record(settle(seen, asScheduled(declaration), instances, inputs))
    }
    return { events, needs }
  },
}
