import type { State } from '../state/state'
import { isLive, type Task } from '../state/tasks'
import { amendWhere, drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

/**
 * Limit of ended tasks; the oldest are dropped first. Kept small because the family is copied whenever the state is
 * read between two events, and every pass iterates over it: 1000 of them took a fifth of the cost of a request.
 */
export const MAX_ENDED_TASKS = 100

type Tasks = State['tasks']

/** Ends tasks, and drops the oldest ended ones above the limit. */
const ended = (tasks: Tasks, ending: Changes<Task>): Changes<Task> => {
  const before = Object.values(tasks).filter((task) => !isLive(task))
  const excess = before.length + Object.keys(ending).length - MAX_ENDED_TASKS
  if (excess <= 0) return ending
  const oldestFirst = [...before.map(({ taskId }) => taskId), ...Object.keys(ending)]
  return { ...ending, ...Object.fromEntries(oldestFirst.slice(0, excess).map((taskId) => [taskId, null])) }
}

/** Selects the tasks that end together: those of an instance, or those that a node accepted. */
type Place = Pick<Task, 'instanceId'> | Required<Pick<Task, 'takenBy'>>

const isOf = (task: Task, place: Place): boolean =>
  'instanceId' in place ? task.instanceId === place.instanceId : task.takenBy === place.takenBy

const endAll = (tasks: Tasks, place: Place, end: Pick<Task, 'status' | 'error' | 'endedAt'>) => {
  const ending = amendWhere(tasks, (task) => (isLive(task) && isOf(task, place) ? { ...task, ...end } : undefined))
  return ending && ended(tasks, ending)
}

export const reduceTasks = (
  { tasks: family, instances, members }: State,
  { at, event }: Envelope,
): Changes<Task> | undefined => {
  switch (event.type) {
    case 'TaskCreated': {
      const { taskId, instanceId, takenBy } = event.task
      // The instance or the node is gone already: nothing would ever end this task.
      const isHere = instanceId in instances && (takenBy === undefined || takenBy in members)
      return isHere && !(taskId in family) ? put(taskId, event.task) : undefined
    }
    case 'TaskStatusUpdated': {
      const { taskId, status, measured } = event
      const task = family[taskId]
      if (!task || !isLive(task)) return undefined
      const changed = { ...task, status, ...measured }
      return isLive(changed) ? put(taskId, changed) : ended(family, put(taskId, { ...changed, endedAt: at }))
    }
    case 'TaskFailed': {
      const { taskId, error, code } = event
      const task = family[taskId]
      if (!task || !isLive(task)) return undefined
      return ended(
        family,
        put<Task>(taskId, { ...task, status: 'Failed', error, ...(code !== undefined && { code }), endedAt: at }),
      )
    }
    case 'TaskDeleted':
      return drop(family, event.taskId)
    case 'InstanceRetrying':
      return event.instanceId in instances
        ? endAll(family, event, { status: 'Failed', error: event.failureError, endedAt: at })
        : undefined
    case 'InstanceDeleted':
      return event.failureError === undefined
        ? endAll(family, event, { status: 'Cancelled', endedAt: at })
        : endAll(family, event, { status: 'Failed', error: event.failureError, endedAt: at })
    case 'NodeTimedOut':
    case 'NodeLeaving':
    case 'MemberRemoved':
      // The client was connected to that node.
      return endAll(family, { takenBy: event.nodeId }, { status: 'Cancelled', endedAt: at })
    default:
      return undefined
  }
}
