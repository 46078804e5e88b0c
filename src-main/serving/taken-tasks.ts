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

/** The tasks that this node took. Says by level what is under way and what has ended, as a master may have missed it. */
export class TakenTasks {
  private readonly live = new Map<TaskId, Task>()
  /** Until the state knows of them. */
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
            // It was given up with a machine that seemed gone: this one.
            if (this.live.has(event.taskId)) this.tell()
            return
          default:
            return
        }
      },
      () => this.tell(),
    )
    // An earlier run of this node may have left some.
    this.tell()
  }

  /** Those that have not ended. */
  get underWay(): ReadonlyMap<TaskId, Task> {
    return this.live
  }

  /**
   * A request is being brought to an instance. The state hears of it when the caller's own turn is over: to fold an
   * event and to send it on takes longer than all else that is done before the runner has the request.
   */
  begin(task: Task): void {
    this.live.set(task.taskId, task)
    queueMicrotask(() => this.options.observer.observe({ type: 'TaskCreated', task }))
  }

  /** Only the first word on how it ended counts. */
  end(ending: Ending): void {
    if (!this.live.delete(ending.taskId)) return
    this.endings.set(ending.taskId, ending)
    this.options.observer.observe(ending)
  }

  close(): void {
    this.unsubscribe()
  }

  private tell(): void {
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
