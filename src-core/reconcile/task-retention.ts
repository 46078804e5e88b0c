import { isLive } from '../state/tasks'
import type { ProcessManager } from './process-manager'

/** How long an ended task can still be looked up. */
export const TASK_RETENTION_MS = 60_000

/** Removes tasks that ended a while ago. */
export const taskRetention: ProcessManager = {
  name: 'task-retention',
  reconcile: (state, { now }) => ({
    events: Object.values(state.tasks)
      .filter((task) => !isLive(task) && now >= (task.endedAt ?? task.createdAt) + TASK_RETENTION_MS)
      .map(({ taskId }) => ({ type: 'TaskDeleted', taskId })),
    needs: [],
  }),
}
