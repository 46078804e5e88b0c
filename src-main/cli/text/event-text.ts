import type { Envelope, Event } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { nodeName } from '@core/state/bindings'
import { epochMs } from '@core/time/clocks'

const because = (reason: string | undefined): string => (reason === undefined ? '' : `: ${reason}`)

/** What an event is about; undefined if its type says it all. */
const subject = (state: State, event: Event): string | undefined => {
  const on = (nodeIds: readonly NodeId[]): string => nodeIds.map((nodeId) => nodeName(state, nodeId)).join(', ')
  const labelOf = (id: string): string => {
    const known = state.metaInstances[id]
    return known ? (known.name ?? known.modelId) : id
  }
  const ofInstance = (id: string): string => state.instances[id]?.modelId ?? id
  switch (event.type) {
    case 'MetaInstanceCreated': {
      const { name, modelId, onRequest } = event.metaInstance
      return `${name === undefined ? modelId : `${name} (${modelId})`}${onRequest ? ', on request' : ''}`
    }
    case 'MetaInstanceUpdated':
      return `${labelOf(event.metaInstanceId)} ${JSON.stringify(event.changes)}`
    case 'MetaInstancePlacementFailed':
      return `${labelOf(event.metaInstanceId)}: ${event.reason}`
    case 'MetaInstanceDeleted':
      return `${labelOf(event.metaInstanceId)}${because(event.reason)}`
    case 'MetaInstanceScheduled': {
      const { on, until } = event.schedule
      const end = until === undefined ? '' : ` until ${new Date(epochMs(until)).toISOString()}`
      return `${labelOf(event.metaInstanceId)} ${on ? 'within' : 'outside'} its hours${end}`
    }
    case 'MetaInstanceRecovered':
      return labelOf(event.metaInstanceId)
    case 'InstanceCreated':
      return `${event.instance.modelId} on ${on(event.instance.shards.map(({ nodeId }) => nodeId))}`
    case 'InstanceDeleted':
      return `${ofInstance(event.instanceId)}${because(event.failureError)}`
    case 'InstanceRetrying':
      return `${ofInstance(event.instanceId)}: ${event.failureError}`
    case 'RunnerStatusUpdated': {
      const runner = state.runners[event.runnerId]
      const where = runner ? ` on ${nodeName(state, runner.nodeId)}` : ''
      const loaded = event.status === 'Loading' ? ` ${event.layersLoaded} of ${event.layers} layers` : ''
      return `${event.status}${loaded}${where}${event.status === 'Failed' ? because(event.errorMessage) : ''}`
    }
    case 'TaskCreated':
      return ofInstance(event.task.instanceId)
    case 'TaskStatusUpdated':
      return `${event.taskId} ${event.status}`
    case 'TaskFailed':
      return `${event.taskId}: ${event.error}`
    case 'NodeLeaving':
      return `${nodeName(state, event.nodeId)}: ${event.reason}`
    case 'MemberAdmitted':
      return event.friendlyName
    case 'NodeGatheredInfo':
    case 'NodeTimedOut':
    case 'MemberUpdated':
    case 'MemberRemoved':
      return nodeName(state, event.nodeId)
    case 'NodeDownloadProgress': {
      const share = event.download ? ` ${event.download.status}` : ' gone'
      return `${event.modelId} on ${nodeName(state, event.nodeId)}${share}`
    }
    case 'SettingChanged':
      return `${event.change.key} = ${String(event.change.value)}`
    case 'ApiKeyCreated':
      return event.apiKey.name
    case 'RunnerDeleted':
    case 'TaskDeleted':
    case 'ApiKeyUpdated':
    case 'ApiKeyRevoked':
    case 'TopologyEdgeCreated':
    case 'TopologyEdgeDeleted':
    case 'JacclSideChannelData':
    case 'JacclSideChannelGathered':
      return undefined
  }
}

/** Formats an event: `InstanceCreated  org/model on studio`. The state is the one before or after folding the event. */
export const eventText = (state: State, { event }: Pick<Envelope, 'event'>): string => {
  const about = subject(state, event)
  return about === undefined ? event.type : `${event.type}  ${about}`
}
