import type { Event } from '../events/event'
import type { MetaInstanceId } from '../ids'
import { instancesOf } from '../state/bindings'
import type { Instance } from '../state/instances'
import type { State } from '../state/state'
import { isLive } from '../state/tasks'

const cancelTasks = (state: State, instance: Instance): Event[] =>
  Object.values(state.tasks)
    .filter((task) => task.instanceId === instance.instanceId && isLive(task))
    .map(({ taskId }) => ({ type: 'TaskStatusUpdated', taskId, status: 'Cancelled' }))

/** The end of an instance that somebody wants gone. */
export const removeInstance = (state: State, instance: Instance): Event[] => [
  ...cancelTasks(state, instance),
  { type: 'InstanceDeleted', instanceId: instance.instanceId },
]

type Ended = Pick<Extract<Event, { type: 'MetaInstanceDeleted' }>, 'cause' | 'reason'>

/** The end of a declaration: its tasks, its instances, itself. `ended` where it ends by itself. */
export const removeDeclaration = (state: State, metaInstanceId: MetaInstanceId, ended: Ended = {}): Event[] => {
  const instances = instancesOf(state, metaInstanceId)
  return [
    ...instances.flatMap((instance) => cancelTasks(state, instance)),
    ...instances.map(({ instanceId }): Event => ({ type: 'InstanceDeleted', instanceId })),
    { type: 'MetaInstanceDeleted', metaInstanceId, ...ended },
  ]
}
