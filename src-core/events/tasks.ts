import { z } from 'zod'
import { TaskId } from '../ids'
import { Task, TaskStatus } from '../state/tasks'

export const TaskCreated = z.object({ type: z.literal('TaskCreated'), task: Task })
export const TaskStatusUpdated = z.object({
  type: z.literal('TaskStatusUpdated'),
  taskId: TaskId,
  status: TaskStatus,
  /** Measured by the runner, with `Complete`. */
  measured: Task.pick({ promptTokens: true, completionTokens: true, tokensPerSecond: true }).optional(),
})
export const TaskFailed = z.object({
  type: z.literal('TaskFailed'),
  taskId: TaskId,
  error: z.string(),
  code: z.string().optional(),
})
export const TaskDeleted = z.object({ type: z.literal('TaskDeleted'), taskId: TaskId })
