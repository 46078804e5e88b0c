import { z } from 'zod'
import { TaskId, type InstanceId } from '../ids'
import { amend, amendWhere, drop, dropWhere, put } from '../state/records'
import type { State } from '../state/state'
import { isLive, Task, TaskStatus } from '../state/tasks'
import type { Envelope } from './event'

export const TaskCreated = z.object({ type: z.literal('TaskCreated'), task: Task })
export const TaskStatusUpdated = z.object({
  type: z.literal('TaskStatusUpdated'),
  taskId: TaskId,
  status: TaskStatus,
  /** What the runner measured, with `Complete`. */
  measured: Task.pick({ promptTokens: true, completionTokens: true, tokensPerSecond: true }).optional(),
})
export const TaskFailed = z.object({ type: z.literal('TaskFailed'), taskId: TaskId, error: z.string() })
export const TaskDeleted = z.object({ type: z.literal('TaskDeleted'), taskId: TaskId })

/** At most this many ended tasks are kept; the oldest go first. */
export const MAX_ENDED_TASKS = 1000

type Tasks = State['tasks']

const capEnded = (tasks: Tasks): Tasks => {
  let excess = -MAX_ENDED_TASKS
  for (const task of Object.values(tasks)) if (!isLive(task)) excess += 1
  if (excess <= 0) return tasks
  return dropWhere(tasks, (task) => !isLive(task) && excess-- > 0)
}

const endLive = (tasks: Tasks, instanceId: InstanceId, end: Pick<Task, 'status' | 'error' | 'endedAt'>): Tasks =>
  capEnded(
    amendWhere(tasks, (task) => (task.instanceId === instanceId && isLive(task) ? { ...task, ...end } : undefined)),
  )

export const reduceTasks = (state: State, { at, event }: Envelope): Tasks => {
  const family = state.tasks
  switch (event.type) {
    case 'TaskCreated':
      // A task of an instance that has gone meanwhile would stay Pending for ever.
      return event.task.instanceId in state.instances && !(event.task.taskId in family)
        ? put(family, event.task.taskId, event.task)
        : family
    case 'TaskStatusUpdated': {
      const { status, measured } = event
      const task = family[event.taskId]
      if (!task || !isLive(task)) return family
      const ended = status === 'Pending' || status === 'Running' ? undefined : { endedAt: at }
      return capEnded(put(family, event.taskId, { ...task, status, ...ended, ...measured }))
    }
    case 'TaskFailed':
      return capEnded(
        amend(family, event.taskId, (task) =>
          isLive(task) ? { ...task, status: 'Failed', error: event.error, endedAt: at } : task,
        ),
      )
    case 'TaskDeleted':
      return drop(family, event.taskId)
    case 'InstanceRetrying':
      return event.instanceId in state.instances
        ? endLive(family, event.instanceId, { status: 'Failed', error: event.failureError, endedAt: at })
        : family
    case 'InstanceDeleted':
      return event.failureError === undefined
        ? endLive(family, event.instanceId, { status: 'Cancelled', endedAt: at })
        : endLive(family, event.instanceId, { status: 'Failed', error: event.failureError, endedAt: at })
    default:
      return family
  }
}
