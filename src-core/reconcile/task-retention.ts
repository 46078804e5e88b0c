import { isLive } from '../state/tasks'
import type { ProcessManager } from './process-manager'

/** How long an ended task can still be queried. */
export const TASK_RETENTION_MS = 60_000

/** Removes tasks after their retention time. */
export const taskRetention: ProcessManager = {
  name: 'task-retention',
  reconcile: (state, { now }) => ({
    events: Object.values(state.tasks)
      .filter((task) => !isLive(task) && now >= (task.endedAt ?? task.createdAt) + TASK_RETENTION_MS)
      .map(({ taskId }) => ({ type: 'TaskDeleted', taskId })),
    needs: [],
  }),
}
