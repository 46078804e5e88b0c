import type { Event } from '../events/event'
import { instancesOf, isReady, nodeName } from '../state/bindings'
import { connectionsOf } from '../state/connections'
import type { Instance } from '../state/instances'
import { isLastingFailure, isTerminal, type Runner } from '../state/runners'
import { standing } from '../state/replicas'
import type { State } from '../state/state'
import { isEdgeExpected, isExpected } from './expected'
import type { ProcessManager, ReconcileInputs } from './process-manager'

/** How long the other runners of an instance have to end after the first did. */
export const RUNNER_GRACE_MS = 5000

/** How long an instance must be ready before its declaration's failures are forgotten. */
export const RECOVERY_MS = 60_000

type FailedRunner = Extract<Runner, { status: 'Failed' }>

/** Each failing node with its error, in rank order, causes before consequences. */
const failureError = (state: State, failed: readonly FailedRunner[]): string => {
  const causesFirst = [...failed].sort((a, b) => Number(a.consequence ?? false) - Number(b.consequence ?? false))
  const texts = causesFirst
    .filter(({ errorMessage }) => errorMessage.trim() !== '')
    .map(({ nodeId, errorMessage }) => `${nodeName(state, nodeId)}: ${errorMessage}`)
  return texts.length === 0 ? 'Runner failed' : texts.join('; ')
}

const isFailed = (runner: Runner): runner is FailedRunner => runner.status === 'Failed'

/** Nothing is tried again on these machines while the model's files there are the same. */
const givenUp = (
  state: State,
  { instanceId, modelId }: Instance,
  { failureError, lasting }: { failureError: string; lasting: readonly FailedRunner[] },
): Event => ({
  type: 'InstanceDeleted',
  instanceId,
  failureError,
  cause: 'runners',
  failedNodeIds: lasting.map(({ nodeId }) => nodeId),
  cannotLoad: lasting.map(({ nodeId, errorMessage }) => {
    const fingerprint = state.downloads[nodeId]?.[modelId]?.fingerprint
    return { nodeId, reason: errorMessage, ...(fingerprint !== undefined && { fingerprint }) }
  }),
})

const afterRunners = (state: State, instance: Instance, { now, ids }: ReconcileInputs): Event[] => {
  const { instanceId, metaInstanceId, shards } = instance
  const ended = shards.flatMap(({ runnerId }) => state.runners[runnerId] ?? []).filter(isTerminal)
  if (ended.length === 0) return []
  const first = Math.min(...ended.map(({ since }) => since))
  if (ended.length < shards.length && now < first + RUNNER_GRACE_MS) return []

  const failed = ended.filter(isFailed)
  if (failed.length === 0) return [{ type: 'InstanceDeleted', instanceId }]
  const error = failureError(state, failed)
  const lasting = failed.filter(isLastingFailure)
  if (lasting.length > 0) return [givenUp(state, instance, { failureError: error, lasting })]
  const metaInstance = metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId]
  const retries = metaInstance !== undefined && metaInstance.consecutiveFailures < state.settings.maxRetries
  // A replacement that fails goes at once: the instance it should replace still serves.
  const spare = instance.replaces !== undefined && instance.replaces in state.instances
  if (!retries || spare) {
    const causes = failed.some(({ consequence }) => !consequence)
    const failedNodeIds = failed.filter(({ consequence }) => !causes || !consequence).map(({ nodeId }) => nodeId)
    return [{ type: 'InstanceDeleted', instanceId, failureError: error, cause: 'runners', failedNodeIds }]
  }
  const { metaInstanceId: owner } = metaInstance
  const runnerIds = shards.map(() => ids.runnerId())
  return [{ type: 'InstanceRetrying', instanceId, metaInstanceId: owner, failureError: error, runnerIds }]
}

const recovery = (state: State, instance: Instance, { now }: ReconcileInputs): Event[] => {
  const { metaInstanceId, readySince } = instance
  if (metaInstanceId === undefined || readySince === undefined) return []
  const metaInstance = state.metaInstances[metaInstanceId]
  if (!metaInstance || now < readySince + RECOVERY_MS || !isReady(state, instance)) return []
  const { consecutiveFailures, replacements, lastFailureError } = metaInstance
  const clean = consecutiveFailures === 0 && replacements === 0 && lastFailureError === undefined
  if (clean) return []
  // With several replicas the failures of one are forgotten only when all of them serve; one of them says so.
  const replicas = standing(instancesOf(state, metaInstanceId))
  const serves = (one: Instance): boolean =>
    one.readySince !== undefined && now >= one.readySince + RECOVERY_MS && isReady(state, one)
  const speaks = replicas.length < 2 || (replicas[0] === instance && replicas.every(serves))
  return speaks ? [{ type: 'MetaInstanceRecovered', metaInstanceId }] : []
}

const healthOf = (state: State, instance: Instance, inputs: ReconcileInputs): Event[] => {
  const { instanceId } = instance
  const absent = instance.shards.map(({ nodeId }) => nodeId).filter((nodeId) => !(nodeId in state.nodes))
  const gone = absent.find((nodeId) => !isExpected(state, nodeId, inputs))
  if (gone !== undefined) {
    return [
      {
        type: 'InstanceDeleted',
        instanceId,
        failureError: `${nodeName(state, gone)} left the cluster`,
        cause: 'node',
        failedNodeIds: [gone],
      },
    ]
  }
  const lost: Event = {
    type: 'InstanceDeleted',
    instanceId,
    failureError: 'Network connection lost',
    cause: 'connection',
  }
  // A machine that is expected may still compute what it has alone; with others it cannot when they do not reach it.
  const isCutOff = instance.shards.length > 1 && absent.some((nodeId) => inputs.unreachable?.includes(nodeId))
  if (absent.length > 0) return isCutOff ? [lost] : []
  const { edges } = state.topology
  const cut = connectionsOf(instance).filter(({ key }) => !(key in edges))
  if (cut.some((connection) => !isEdgeExpected(state, connection, inputs))) return [lost]
  const ended = afterRunners(state, instance, inputs)
  return ended.length > 0 ? ended : recovery(state, instance, inputs)
}

/** Gives up what is broken, retries what may come back, and says what has recovered. */
export const instanceHealth: ProcessManager = {
  name: 'instance-health',
  reconcile: (state, inputs) => ({
    events: Object.values(state.instances).flatMap((instance) => healthOf(state, instance, inputs)),
    needs: [],
  }),
}
