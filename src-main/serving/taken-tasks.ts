import { takenTaskReports, type Ending } from '@core/generation/taken-tasks'
import type { Envelope, Observation } from '@core/events/event'
import type { NodeId, TaskId } from '@core/ids'
import type { State } from '@core/state/state'
import { isLive, type Task } from '@core/state/tasks'

export interface TakenTasksOptions {
  readonly nodeId: NodeId
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly observer: { observe(event: Observation): void }
}

/**
 * Reports to the state the tasks that this node took from clients. Reports are level-triggered: all live and ended
 * tasks are compared with the state again after a state reset, since a master may have missed an event.
 */
export class TakenTasks {
  private readonly live = new Map<TaskId, Task>()
  /** Outcomes that the state does not show yet. */
  private readonly endings = new Map<TaskId, Ending>()
  private readonly unsubscribe: () => void

  constructor(private readonly options: TakenTasksOptions) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        switch (event.type) {
          case 'TaskStatusUpdated':
            if (!isLive(event)) this.endings.delete(event.taskId)
            return
          case 'TaskFailed':
            this.endings.delete(event.taskId)
            return
          case 'TaskDeleted':
            this.endings.delete(event.taskId)
            // The state deleted the task because it considered this node gone.
            if (this.live.has(event.taskId)) this.reportAll()
            return
          default:
            return
        }
      },
      () => this.reportAll(),
    )
    // A previous run of this node may have left tasks behind.
    this.reportAll()
  }

  /** Tasks that have not ended. */
  get underWay(): ReadonlyMap<TaskId, Task> {
    return this.live
  }

  /**
   * Records that a request starts. The event is deferred to a microtask: folding and sending it takes longer than
   * everything else on the path to the runner.
   */
  begin(task: Task): void {
    this.live.set(task.taskId, task)
    queueMicrotask(() => this.options.observer.observe({ type: 'TaskCreated', task }))
  }

  /** Records whether a request waits in a queue or is being answered. Reported only when that changes. */
  setQueued(taskId: TaskId, isQueued: boolean): void {
    const task = this.live.get(taskId)
    const status = isQueued ? 'Pending' : 'Running'
    if (!task || task.status === status) return
    this.live.set(taskId, { ...task, status })
    this.options.observer.observe({ type: 'TaskStatusUpdated', taskId, status })
  }

  /** Records how a task ended; only the first call counts. */
  end(ending: Ending): void {
    if (!this.live.delete(ending.taskId)) return
    this.endings.set(ending.taskId, ending)
    this.options.observer.observe(ending)
  }

  close(): void {
    this.unsubscribe()
  }

  private reportAll(): void {
    const { nodeId, source, observer } = this.options
    const state = source.state()
    for (const taskId of this.endings.keys()) {
      const known = state.tasks[taskId]
      if (known === undefined || !isLive(known)) this.endings.delete(taskId)
    }
    const { live: underWay, endings } = this
    for (const event of takenTaskReports(state, nodeId, { underWay, endings })) observer.observe(event)
  }
}
