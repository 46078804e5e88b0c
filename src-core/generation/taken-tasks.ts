import type { Observation } from '../events/event'
import type { NodeId, TaskId } from '../ids'
import type { State } from '../state/state'
import { isLive, type Task } from '../state/tasks'

/** How a task ended, as reported by the node that took it. */
export type Ending = Extract<Observation, { type: 'TaskStatusUpdated' | 'TaskFailed' }>

/** Tasks that a node has taken since it started. */
export interface Taken {
  readonly underWay: ReadonlyMap<TaskId, Task>
  /** Tasks that have ended, in case their report did not reach the current master. */
  readonly endings?: ReadonlyMap<TaskId, Ending>
}

/**
 * Returns the reports that bring the state up to date with the tasks this node accepted. Idempotent: empty once they
 * agree.
 *
 * - A live task of this node that it does not have belongs to an earlier run of its process: it is cancelled, or gets
 *   its ending if that is known.
 * - A live task that is missing from the state was reported to an earlier master: it is created again.
 * - A task whose status in the state is out of date is updated.
 */
export const takenTaskReports = (
  state: State,
  self: NodeId | undefined,
  { underWay, endings }: Taken,
): Observation[] => [
  ...Object.values(state.tasks).flatMap((task): Observation[] => {
    const { taskId, takenBy } = task
    if (takenBy === undefined || takenBy !== self || !isLive(task)) return []
    const own = underWay.get(taskId)
    if (own) return own.status === task.status ? [] : [{ type: 'TaskStatusUpdated', taskId, status: own.status }]
    return [endings?.get(taskId) ?? { type: 'TaskStatusUpdated', taskId, status: 'Cancelled' }]
  }),
  ...[...underWay.values()].flatMap((task): Observation[] =>
    task.taskId in state.tasks || !(task.instanceId in state.instances) ? [] : [{ type: 'TaskCreated', task }],
  ),
]
