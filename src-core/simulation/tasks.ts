import type { Observation } from '../events/event'
import { takenTaskReports } from '../generation/taken-tasks'
import type { InstanceId, NodeId, TaskId, Timestamp } from '../ids'
import { isReady } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { isLive, type Task } from '../state/tasks'
import type { VirtualClock } from '../time/virtual-clock'

/** How long a request waits for an instance. */
const REQUEST_WAITS_MS = 30_000

interface SimulatedTask {
  readonly owner: () => Instance | undefined
  readonly durationMs: Timestamp | undefined
  readonly askedAt: Timestamp
  /** Undefined while the request waits for an instance. */
  instanceId?: InstanceId
  running: boolean
}

export interface TasksOptions {
  readonly clock: Pick<VirtualClock, 'now' | 'after'>
  readonly state: () => State
  readonly observe: (event: Observation) => void
  /** The node that accepted the requests; absent if only the master is simulated. */
  readonly takenBy?: NodeId
  /** An instance starts to work, or has nothing left to do. */
  readonly onWork: (instance: Instance, options: { busy: boolean }) => void
}

/** Simulated requests: each waits for an instance, then until it is ready, and then runs for its duration. */
export class SimulatedTasks {
  private readonly tasks = new Map<TaskId, SimulatedTask>()

  constructor(private readonly options: TasksOptions) {}

  start(taskId: TaskId, owner: () => Instance | undefined, durationMs: Timestamp | undefined): void {
    if (this.tasks.has(taskId) || taskId in this.options.state().tasks) return
    this.tasks.set(taskId, { owner, durationMs, askedAt: this.options.clock.now(), running: false })
    this.followState()
  }

  complete(taskId: TaskId): void {
    const task = this.tasks.get(taskId)
    if (!task) return
    this.tasks.delete(taskId)
    const known = this.options.state().tasks[taskId]
    if (!known || !isLive(known)) return
    this.options.observe({ type: 'TaskStatusUpdated', taskId, status: 'Complete' })
    this.idle(task)
  }

  /** Advances every request as far as the state allows. */
  followState(): void {
    for (const [taskId, task] of this.tasks) this.advance(taskId, task)
  }

  /** A new master knows of no tasks: the nodes that accepted them report those in progress. */
  reportAll(): void {
    const { state, observe, takenBy } = this.options
    const { tasks, instances } = state()
    const underWay = new Map<TaskId, Task>()
    for (const [taskId, { instanceId, running }] of this.tasks) {
      if (instanceId === undefined) continue
      if (taskId in tasks || instanceId in instances)
        underWay.set(taskId, this.taskOf(taskId, instanceId, running ? 'Running' : 'Pending'))
      else this.tasks.delete(taskId)
    }
    for (const event of takenTaskReports(state(), takenBy, { underWay })) observe(event)
  }

  private taskOf(taskId: TaskId, instanceId: InstanceId, status: Task['status']): Task {
    const { clock, takenBy } = this.options
    return { taskId, instanceId, kind: 'generation', ...(takenBy && { takenBy }), status, createdAt: clock.now() }
  }

  private advance(taskId: TaskId, task: SimulatedTask): void {
    const { clock, state, observe } = this.options
    if (task.instanceId === undefined) {
      const instance = task.owner()
      if (!instance) {
        if (clock.now() >= task.askedAt + REQUEST_WAITS_MS) this.tasks.delete(taskId)
        return
      }
      const { instanceId } = instance
      task.instanceId = instanceId
      observe({ type: 'TaskCreated', task: this.taskOf(taskId, instanceId, 'Pending') })
    }
    const known = state().tasks[taskId]
    // A restarted master has not received the report yet.
    if (!known) return
    if (!isLive(known)) {
      this.tasks.delete(taskId)
      this.idle(task)
      return
    }
    const instance = state().instances[task.instanceId]
    if (task.running || !instance || !isReady(state(), instance)) return
    task.running = true
    observe({ type: 'TaskStatusUpdated', taskId, status: 'Running' })
    this.options.onWork(instance, { busy: true })
    if (task.durationMs === undefined) return
    clock.after(task.durationMs, () => {
      if (this.tasks.get(taskId) === task) this.complete(taskId)
    })
  }

  private idle({ instanceId }: SimulatedTask): void {
    const instance = instanceId === undefined ? undefined : this.options.state().instances[instanceId]
    if (!instance) return
    for (const other of this.tasks.values()) if (other.instanceId === instanceId && other.running) return
    this.options.onWork(instance, { busy: false })
  }
}
