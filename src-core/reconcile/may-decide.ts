import type { Event } from '../events/event'
import type { TaskId } from '../ids'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

/** Whether the instance of a temporary declaration has just become idle. */
const leavesIdle = ({ metaInstances, instances, tasks }: State, taskId: TaskId): boolean => {
  const instanceId = tasks[taskId]?.instanceId
  const metaInstanceId = instanceId && instances[instanceId]?.metaInstanceId
  if (metaInstanceId === undefined || metaInstances[metaInstanceId]?.onRequest === undefined) return false
  return !Object.values(tasks).some((task) => task.instanceId === instanceId && isLive(task))
}

/**
 * Whether a pass right after this event (already folded into `state`) could decide anything that the pass before it did
 * not. Saves passes for tasks, the most frequent events. They matter in two cases only: a temporary declaration becomes
 * idle with the end of its last task, and ended tasks expire, for which the pass every second is early enough.
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
