import type { Event } from '../events/event'
import type { MetaInstanceId } from '../ids'
import { instancesOf } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

const cancelTasks = (state: State, instance: Instance): Event[] =>
  Object.values(state.tasks)
    .filter((task) => task.instanceId === instance.instanceId && isLive(task))
    .map(({ taskId }) => ({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' }))

/** Events that delete an instance on request, after cancelling its tasks. */
export const removeInstance = (state: State, instance: Instance): Event[] => [
  ...cancelTasks(state, instance),
  { type: 'InstanceDeleted', instanceId: instance.instanceId },
]

type Ended = Pick<Extract<Event, { type: 'MetaInstanceDeleted' }>, 'cause' | 'reason'>

/** Events that delete a declaration with its tasks and instances. `ended`: why, if it ends by itself. */
export const removeDeclaration = (state: State, metaInstanceId: MetaInstanceId, ended: Ended = {}): Event[] => {
  const instances = instancesOf(state, metaInstanceId)
  return [
    ...instances.flatMap((instance) => cancelTasks(state, instance)),
    ...instances.map(({ instanceId }): Event => ({ type: 'InstanceDeleted', instanceId })),
    { type: 'MetaInstanceDeleted', metaInstanceId, ...ended },
  ]
}

/**
 * Events that unload what a request has loaded: a temporary declaration is deleted; one outside its hours goes back to
 * being off.
 */
export const endTemporary = (state: State, metaInstance: MetaInstance, ended: Ended): Event[] => {
  const { metaInstanceId, onRequest, schedule } = metaInstance
  if (onRequest || !schedule) return removeDeclaration(state, metaInstanceId, ended)
  const { woken: _woken, since: _since, ...hours } = schedule
  return [
    ...instancesOf(state, metaInstanceId).flatMap((instance) => removeInstance(state, instance)),
    { type: 'MetaInstanceScheduled', metaInstanceId, schedule: hours },
  ]
}
