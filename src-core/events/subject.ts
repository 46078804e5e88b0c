import type { Instance } from '../state/instances'
import type { MetaInstance } from '../state/meta-instances'
import type { State } from '../state/state'
import type { Event } from './event'

/** The instance and the declaration that an event concerns. */
export interface Subject {
  readonly instance?: Instance | undefined
  readonly metaInstance?: MetaInstance | undefined
}

/** Looks them up in the state before the event, which still has what the event removes. */
export const subjectOf = (state: State, event: Event): Subject => {
  const instance = 'instanceId' in event ? state.instances[event.instanceId] : undefined
  const metaInstanceId = 'metaInstanceId' in event ? event.metaInstanceId : instance?.metaInstanceId
  return { instance, metaInstance: metaInstanceId === undefined ? undefined : state.metaInstances[metaInstanceId] }
}
