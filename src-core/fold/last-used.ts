import type { InstanceId, Timestamp } from '../ids'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** The temporary declaration that an instance backs. */
const temporaryOf = ({ instances, metaInstances }: State, instanceId: InstanceId | undefined): string | undefined => {
  const metaInstanceId = instanceId && instances[instanceId]?.metaInstanceId
  return metaInstanceId && metaInstances[metaInstanceId]?.onRequest ? metaInstanceId : undefined
}

/**
 * Remembers when temporary declarations were last used: idleness is counted from there, and tasks are forgotten sooner.
 * A family of its own, so that requests do not make the instances count as changed.
 */
export const reduceLastUsed = (state: State, { event, at }: Envelope): Changes<Timestamp> | undefined => {
  const used = (instanceId: InstanceId | undefined): Changes<Timestamp> | undefined => {
    const metaInstanceId = temporaryOf(state, instanceId)
    return metaInstanceId === undefined ? undefined : put(metaInstanceId, at)
  }
  switch (event.type) {
    case 'TaskCreated':
      return used(event.task.instanceId)
    case 'TaskStatusUpdated':
    case 'TaskFailed': {
      const task = state.tasks[event.taskId]
      return task && isLive(task) ? used(task.instanceId) : undefined
    }
    case 'NodeTimedOut':
    case 'NodeLeaving':
    case 'MemberRemoved': {
      // The requests that it took end with it.
      const ended = Object.values(state.tasks).filter((task) => isLive(task) && task.takenBy === event.nodeId)
      const changes = Object.assign({}, ...ended.map(({ instanceId }) => used(instanceId))) as Changes<Timestamp>
      return Object.keys(changes).length === 0 ? undefined : changes
    }
    case 'MetaInstanceUpdated':
      return event.changes.onRequest === null ? drop(state.lastUsed ?? {}, event.metaInstanceId) : undefined
    case 'MetaInstanceDeleted':
      return drop(state.lastUsed ?? {}, event.metaInstanceId)
    default:
      return undefined
  }
}
