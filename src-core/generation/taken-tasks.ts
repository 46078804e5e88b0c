import type { Observation } from '../events/event'
import type { NodeId, TaskId } from '../ids'
import type { State } from '../state/state'
import { isLive, type Task } from '../state/tasks'

/** How a task ended, in the words of whoever took it. */
export type Ending = Extract<Observation, { type: 'TaskStatusUpdated' | 'TaskFailed' }>

/** What a node knows of the tasks it took since it started. */
export interface Taken {
  readonly underWay: ReadonlyMap<TaskId, Task>
  /** Of those that are over, as far as they were told to somebody who may not have heard of it. */
  readonly endings?: ReadonlyMap<TaskId, Ending>
}

/**
 * What a node has to say until the state knows the tasks it took as they are. Those that it knows nothing of were taken
 * by an earlier run of it; those that the state knows nothing of were told to an earlier master.
 */
export const takenTaskReports = (
  state: State,
  self: NodeId | undefined,
  { underWay, endings }: Taken,
): Observation[] => [
  ...Object.values(state.tasks).flatMap((task): Observation[] => {
    const { taskId, takenBy } = task
    if (takenBy === undefined || takenBy !== self || !isLive(task) || underWay.has(taskId)) return []
    return [endings?.get(taskId) ?? { type: 'TaskStatusUpdated', taskId, status: 'Cancelled' }]
  }),
  ...[...underWay.values()].flatMap((task): Observation[] =>
    task.taskId in state.tasks || !(task.instanceId in state.instances) ? [] : [{ type: 'TaskCreated', task }],
  ),
]
