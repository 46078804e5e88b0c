import type { Event } from '../events/event'
import type { TaskId } from '../ids'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

/** Whether the last request of a temporary declaration's instance has just ended. */
const leavesIdle = ({ metaInstances, instances, tasks }: State, taskId: TaskId): boolean => {
  const instanceId = tasks[taskId]?.instanceId
  const metaInstanceId = instanceId && instances[instanceId]?.metaInstanceId
  if (metaInstanceId === undefined || metaInstances[metaInstanceId]?.onRequest === undefined) return false
  return !Object.values(tasks).some((task) => task.instanceId === instanceId && isLive(task))
}

/**
 * Whether a pass right after this event, which `state` has folded, can decide anything that the one before did not. Tasks are the most frequent
 * events, and matter to passes in two ways: a temporary declaration becomes idle when its last one ends, and ended ones
 * are forgotten after their time, for which the pass that comes every second is early enough.
 */
export const mayDecide = (state: State, event: Event): boolean => {
  switch (event.type) {
    case 'TaskCreated':
    case 'TaskDeleted':
      return false
    case 'TaskStatusUpdated':
      return !isLive(event) && leavesIdle(state, event.taskId)
    case 'TaskFailed':
      return leavesIdle(state, event.taskId)
    default:
      return true
  }
}
