import type { Event } from '../events/event'
import type { NodeId } from '../ids'
import { instancesOf, isReady, nodeName } from '../state/bindings'
import { connectionsOf } from '../state/connections'
import type { Instance } from '../state/instances'
import { isLastingFailure, isTerminal, type Runner } from '../state/runners'
import { countedReplicas } from '../state/replicas'
import type { State } from '../state/state'
import { clauses, coded, type CodedText } from '../texts/coded'
import { inEnglish } from '../texts/english'
import { isEdgeExpected, isExpected } from './expected'
import type { ProcessManager, ReconcileInputs } from './process-manager'

/** How long the other runners of an instance may take to end after the first one did. */
export const RUNNER_GRACE_MS = 5000

/** How long an instance must be ready before the failures of its declaration are reset. */
export const RECOVERY_MS = 60_000

type FailedRunner = Extract<Runner, { status: 'Failed' }>

/** A failure as English text and as a code. */
interface Failed {
  readonly failureError: string
  readonly failure: CodedText
}

const failed = (failure: CodedText): Failed => ({ failureError: inEnglish(failure), failure })

/** Joins the errors of the failed runners, named by node: causes before their consequences, otherwise in rank order. */
const failureOf = (state: State, runners: readonly FailedRunner[]): Failed => {
  const reporting = [...runners]
    .sort((a, b) => Number(a.consequence ?? false) - Number(b.consequence ?? false))
    .filter(({ errorMessage }) => errorMessage.trim() !== '')
  if (reporting.length === 0) return failed(coded('failures.unknown'))
  const named = reporting.map((runner) => ({ ...runner, name: nodeName(state, runner.nodeId) }))
  const causes = named.map(({ name, errorMessage, coded: cause }) =>
    coded('failures.on', { name, cause: clauses(cause ?? errorMessage) }),
  )
  return {
    failureError: named.map(({ name, errorMessage }) => `${name}: ${errorMessage}`).join('; '),
    failure: coded('failures.several', { causes: clauses(...causes) }),
  }
}

const isFailed = (runner: Runner): runner is FailedRunner => runner.status === 'Failed'

/** Deletes the instance and excludes these machines until the model's files there change. */
const givenUp = (
  state: State,
  { instanceId, modelId }: Instance,
  { lasting, ...why }: Failed & { readonly lasting: readonly FailedRunner[] },
): Event => ({
  type: 'InstanceDeleted',
  instanceId,
  ...why,
  cause: 'runners',
  failedNodeIds: lasting.map(({ nodeId }) => nodeId),
  cannotLoad: lasting.map(({ nodeId, errorMessage, coded: cause }) => {
    const fingerprint = state.downloads[nodeId]?.[modelId]?.fingerprint
    return {
      nodeId,
      reason: errorMessage,
      ...(cause && { coded: cause }),
      ...(fingerprint !== undefined && { fingerprint }),
    }
  }),
})

const afterRunners = (state: State, instance: Instance, { now, ids }: ReconcileInputs): Event[] => {
  const { instanceId, metaInstanceId, shards } = instance
  const ended = shards.flatMap(({ runnerId }) => state.runners[runnerId] ?? []).filter(isTerminal)
  if (ended.length === 0) return []
  const first = Math.min(...ended.map(({ since }) => since))
  if (ended.length < shards.length && now < first + RUNNER_GRACE_MS) return []

  const runners = ended.filter(isFailed)
  if (runners.length === 0) return [{ type: 'InstanceDeleted', instanceId }]
  const why = failureOf(state, runners)
  const lasting = runners.filter(isLastingFailure)
  if (lasting.length > 0) return [givenUp(state, instance, { ...why, lasting })]
  const metaInstance = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
  const retries = metaInstance !== undefined && metaInstance.consecutiveFailures < state.settings.maxRetries
  // A failed replacement is deleted without a retry: the instance that it should replace still serves.
  const spare = instance.replaces !== undefined && instance.replaces in state.instances
  if (!retries || spare) {
    const causes = runners.some(({ consequence }) => !consequence)
    const failedNodeIds = runners.filter(({ consequence }) => !causes || !consequence).map(({ nodeId }) => nodeId)
    return [{ type: 'InstanceDeleted', instanceId, ...why, cause: 'runners', failedNodeIds }]
  }
  const { metaInstanceId: owner } = metaInstance
  const runnerIds = shards.map(() => ids.runnerId())
  return [{ type: 'InstanceRetrying', instanceId, metaInstanceId: owner, ...why, runnerIds }]
}

const recovery = (state: State, instance: Instance, { now }: ReconcileInputs): Event[] => {
  const { metaInstanceId, readySince } = instance
  if (metaInstanceId === undefined || readySince === undefined) return []
  const metaInstance = state.metaInstances[metaInstanceId]
  if (!metaInstance || now < readySince + RECOVERY_MS || !isReady(state, instance)) return []
  const { consecutiveFailures, replacements, lastFailureError } = metaInstance
  const clean = consecutiveFailures === 0 && replacements === 0 && lastFailureError === undefined
  if (clean) return []
  // The failures of a replicated declaration are reset when all replicas are stable; only the first one emits the
  // event.
  const replicas = countedReplicas(instancesOf(state, metaInstanceId))
  const serves = (one: Instance): boolean =>
    one.readySince !== undefined && now >= one.readySince + RECOVERY_MS && isReady(state, one)
  const isFirstOfStable = replicas.length < 2 || (replicas[0] === instance && replicas.every(serves))
  return isFirstOfStable ? [{ type: 'MetaInstanceRecovered', metaInstanceId }] : []
}

const healthOf = (state: State, instance: Instance, inputs: ReconcileInputs): Event[] => {
  const { instanceId } = instance
  const absent = instance.shards.map(({ nodeId }) => nodeId).filter((nodeId) => !(nodeId in state.nodes))
  const without = (nodeId: NodeId, why: CodedText): Event[] => [
    { type: 'InstanceDeleted', instanceId, ...failed(why), cause: 'node', failedNodeIds: [nodeId] },
  ]
  const timedOut = absent.find((nodeId) => !isExpected(state, nodeId, inputs))
  if (timedOut !== undefined) return without(timedOut, coded('failures.left', { name: nodeName(state, timedOut) }))
  // It was started again to run no models, so no runner will ever report from there.
  const idle = instance.shards.map(({ nodeId }) => nodeId).find((nodeId) => state.nodes[nodeId]?.worker === false)
  if (idle !== undefined) return without(idle, coded('failures.noWorker', { name: nodeName(state, idle) }))
  const lost: Event = {
    type: 'InstanceDeleted',
    instanceId,
    ...failed(coded('failures.connectionLost')),
    cause: 'connection',
  }
  // An expected machine may still compute on its own. An instance across several machines cannot if one is
  // unreachable.
  const isCutOff = instance.shards.length > 1 && absent.some((nodeId) => inputs.unreachable?.includes(nodeId))
  if (absent.length > 0) return isCutOff ? [lost] : []
  const { edges } = state.topology
  const cut = connectionsOf(instance).filter(({ key }) => !(key in edges))
  if (cut.some((connection) => !isEdgeExpected(state, connection, inputs))) return [lost]
  const ended = afterRunners(state, instance, inputs)
  return ended.length > 0 ? ended : recovery(state, instance, inputs)
}

/** Deletes broken instances, restarts those that may recover, and resets the failures of those that did. */
export const instanceHealth: ProcessManager = {
  name: 'instance-health',
  reconcile: (state, inputs) => ({
    events: Object.values(state.instances).flatMap((instance) => healthOf(state, instance, inputs)),
    needs: [],
  }),
}
