import type { InstanceId, Timestamp } from '../ids'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'
import { drop, put, type Changes } from './changes'
import type { Envelope } from '../events/event'

/** The temporary declaration of an instance, if it has one. */
const temporaryOf = ({ instances, metaInstances }: State, instanceId: InstanceId | undefined): string | undefined => {
  const metaInstanceId = instanceId && instances[instanceId]?.metaInstanceId
  return metaInstanceId && metaInstances[metaInstanceId]?.onRequest ? metaInstanceId : undefined
}

/**
 * Records when each temporary declaration was last used; idleness counts from then. Tasks cannot tell, because they are
 * removed sooner. A family of its own, so that a request does not count as a change of the instances.
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
      // Requests that the departed node had accepted end now.
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
