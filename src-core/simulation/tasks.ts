import type { Event } from '../events/event'
import type { InstanceId, TaskId, Timestamp } from '../ids'
import { isReady } from '../state/bindings'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

interface SimulatedTask {
  readonly taskId: TaskId
  readonly instanceId: InstanceId
  readonly createdAt: Timestamp
  readonly durationMs: number | undefined
  stage: 'pending' | 'running' | 'done'
}

/** Requests of clients, and the APIs that report what becomes of them. */
export class Tasks {
  private readonly tasks = new Map<TaskId, SimulatedTask>()

  constructor(private readonly after: (milliseconds: number, act: () => void) => void) {}

  start(task: Omit<SimulatedTask, 'stage'>): void {
    if (!this.tasks.has(task.taskId)) this.tasks.set(task.taskId, { ...task, stage: 'pending' })
  }

  complete(taskId: TaskId): void {
    const task = this.tasks.get(taskId)
    if (task) task.stage = 'done'
  }

  /** What is otherwise than the state has it. */
  reports(state: State): Event[] {
    return [...this.tasks.values()].flatMap((task) => this.reportsOf(state, task))
  }

  private reportsOf(state: State, task: SimulatedTask): Event[] {
    const { taskId, instanceId, createdAt } = task
    const instance = state.instances[instanceId]
    const known = state.tasks[taskId]
    if ((known && !isLive(known)) || !instance) {
      this.tasks.delete(taskId)
      return []
    }
    if (!known) {
      return [{ type: 'TaskCreated', task: { taskId, instanceId, kind: 'generation', status: 'Pending', createdAt } }]
    }
    if (task.stage === 'done') return [{ type: 'TaskStatusUpdated', taskId, status: 'Complete' }]
    if (!isReady(state, instance)) return []
    if (task.stage === 'pending') {
      task.stage = 'running'
      if (task.durationMs !== undefined) this.after(task.durationMs, () => this.complete(taskId))
    }
    return known.status === 'Pending' ? [{ type: 'TaskStatusUpdated', taskId, status: 'Running' }] : []
  }
}
