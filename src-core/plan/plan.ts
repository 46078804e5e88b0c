import type { InstanceId, NodeId, RunnerId, TaskId } from '../ids'
import { nodeName } from '../state/bindings'
import type { Instance, Shard } from '../state/instances'
import { isTerminal, type RunnerStatus } from '../state/runners'
import type { State } from '../state/state'
import { coded, type CodedText } from '../texts/coded'

/*
 * The worker's reconciliation: compares what the state assigns to this node with what runs here, and returns the
 * actions that close the gap. Pure; the worker in `src-main/worker` carries them out and calls again.
 *
 * 1. A runner is started only for a shard of this node that the state has no runner for, and only where it runs models.
 * 2. After a restart the old runners are reported as gone first, so that no failure is counted.
 * 3. If state and machine agree, there are no actions.
 *
 * Held by `plan.test.ts`.
 */

/** What the worker observes: its runners with their last status, and the tasks they work on. */
export interface Running {
  readonly runners: ReadonlyMap<RunnerId, RunnerStatus>
  readonly tasks: ReadonlySet<TaskId>
  /**
   * Nodes that have been silent long enough for their ranks to hang. A rank that waits for one of them would wait
   * forever.
   */
  readonly silent?: ReadonlySet<NodeId>
}

export type Action =
  | { readonly kind: 'start'; readonly instance: Instance; readonly shard: Shard }
  | { readonly kind: 'stop'; readonly runnerId: RunnerId }
  /** Another rank of the instance failed, and this one cannot run without it: it fails too, as a consequence. */
  | { readonly kind: 'giveUp'; readonly runnerId: RunnerId; readonly reason: CodedText }
  /** The state has a runner of this node that does not exist here. */
  | { readonly kind: 'reportDeleted'; readonly runnerId: RunnerId }
  /** The state lags behind what this node observes. */
  | { readonly kind: 'report'; readonly runnerId: RunnerId; readonly status: RunnerStatus }
  | { readonly kind: 'cancel'; readonly taskId: TaskId; readonly instanceId: InstanceId }

const shardsOn = (state: State, nodeId: NodeId): { instance: Instance; shard: Shard }[] =>
  Object.values(state.instances).flatMap((instance) =>
    instance.shards.filter((shard) => shard.nodeId === nodeId).map((shard) => ({ instance, shard })),
  )

const differs = (seen: RunnerStatus, known: RunnerStatus | undefined): boolean => {
  if (!known) return true
  if (isTerminal(known)) return false
  if (seen.status !== known.status) return true
  return seen.status === 'Loading' && known.status === 'Loading' && seen.layersLoaded !== known.layersLoaded
}

/**
 * Returns the machine of the first failed rank, in rank order and causes before consequences; undefined if none failed.
 */
const failedElsewhere = (state: State, { shards }: Instance, nodeId: NodeId): NodeId | undefined => {
  const failed = shards.flatMap((shard) => {
    const runner = state.runners[shard.runnerId]
    return shard.nodeId !== nodeId && runner?.status === 'Failed' ? [{ shard, runner }] : []
  })
  return (failed.find(({ runner }) => !runner.consequence) ?? failed[0])?.shard.nodeId
}

/**
 * Returns the actions that bring this node in line with the state. Level-triggered and idempotent: applying them twice
 * changes nothing more. Runners that ended stay in `running` until their shard is gone.
 */
export const plan = (state: State, nodeId: NodeId, running: Running): Action[] => {
  const actions: Action[] = []
  const ownShards = shardsOn(state, nodeId)
  const wanted = new Set(ownShards.map(({ shard }) => shard.runnerId))
  for (const runnerId of running.runners.keys()) if (!wanted.has(runnerId)) actions.push({ kind: 'stop', runnerId })
  for (const { instance, shard } of ownShards) {
    const known = state.runners[shard.runnerId]
    const seen = running.runners.get(shard.runnerId)
    const failed = failedElsewhere(state, instance, nodeId)
    const over = (seen && isTerminal(seen)) || (known && isTerminal(known))
    const silent = instance.shards.find((other) => other.nodeId !== nodeId && running.silent?.has(other.nodeId))
    if (silent && seen && !over) {
      const reason = coded('failures.silent', { name: nodeName(state, silent.nodeId) })
      actions.push({ kind: 'giveUp', runnerId: shard.runnerId, reason })
    } else if (failed !== undefined && !over) {
      const reason = coded('failures.stopped', { name: nodeName(state, failed) })
      actions.push({ kind: 'giveUp', runnerId: shard.runnerId, reason })
    } else if (seen) {
      if (differs(seen, known)) actions.push({ kind: 'report', runnerId: shard.runnerId, status: seen })
    } else if (known && !isTerminal(known)) {
      actions.push({ kind: 'reportDeleted', runnerId: shard.runnerId })
    } else if (!known && state.nodes[nodeId]?.worker === true) {
      // After a restart the log contains the instance before this node has reported its memory, and whether it runs
      // models at all. Start nothing until then.
      actions.push({ kind: 'start', instance, shard })
    }
  }
  for (const taskId of running.tasks) {
    const task = state.tasks[taskId]
    if (task?.status === 'Cancelled') actions.push({ kind: 'cancel', taskId, instanceId: task.instanceId })
  }
  return actions
}
