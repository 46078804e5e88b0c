import { z } from 'zod'
import { InstanceId, NodeId, TaskId, Timestamp } from '../ids'

/** `Pending`: waits in a queue of its instance. `Running`: being answered. */
export const TaskStatus = z.enum(['Pending', 'Running', 'Complete', 'Failed', 'Cancelled'])
export type TaskStatus = z.infer<typeof TaskStatus>

/** One unit of work given to an instance. */
export const Task = z.object({
  taskId: TaskId,
  instanceId: InstanceId,
  kind: z.enum(['generation']),
  /**
   * The node that accepted the request. Only this node reports the task's progress; the task ends if the node leaves.
   */
  takenBy: NodeId.optional(),
  status: TaskStatus,
  error: z.string().optional(),
  /** Error code of a failure that the runner or the queue reported. Earlier versions omit it. */
  code: z.string().optional(),
  createdAt: Timestamp,
  endedAt: Timestamp.optional(),
  /** Measured by the runner, set when the task is done. */
  promptTokens: z.number().int().nonnegative().optional(),
  completionTokens: z.number().int().nonnegative().optional(),
  tokensPerSecond: z.number().nonnegative().optional(),
})
export type Task = z.infer<typeof Task>

/** Pending or Running: a client may still be waiting. */
export const isLive = ({ status }: Pick<Task, 'status'>): boolean => status === 'Pending' || status === 'Running'
