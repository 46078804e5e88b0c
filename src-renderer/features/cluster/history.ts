import type { Envelope } from '@core/events/event'
import { nodeName } from '@core/state/bindings'
import type { MetaInstanceChanges } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { idleText } from './on-request'

export interface HistoryLine {
  readonly text: string
  readonly tone: 'plain' | 'failure'
}

const NAMES: Readonly<Record<Exclude<keyof MetaInstanceChanges, 'paused' | 'pinned' | 'onRequest'>, string>> = {
  name: 'name',
  modelId: 'model',
  sharding: 'sharding',
  instanceMeta: 'connection',
  minNodes: 'number of machines',
  nodeIds: 'machines',
  placementPreference: 'preference',
  maxContext: 'context',
  hours: 'hours',
  owner: 'owner',
  labels: 'labels',
}

/** How long a model is kept that was loaded on request. */
const lifetimeText = ({ onRequest, pinned }: MetaInstanceChanges): string | undefined => {
  if (onRequest === null) return 'Kept always on'
  if (onRequest !== undefined) return `Kept ${idleText(onRequest)}`
  if (pinned === undefined) return undefined
  return pinned ? 'Pinned' : 'Unpinned'
}

const changeText = ({ paused, ...changes }: MetaInstanceChanges): string => {
  if (paused !== undefined) return paused ? 'Paused' : 'Resumed'
  const lifetime = lifetimeText(changes)
  if (lifetime !== undefined) return lifetime
  const changed = Object.entries(NAMES).flatMap(([key, name]) => (key in changes ? [name] : []))
  return changed.length === 0 ? 'Changed' : `Changed: ${changed.join(', ')}`
}

const plain = (text: string): HistoryLine => ({ text, tone: 'plain' })
const failure = (text: string): HistoryLine => ({ text, tone: 'failure' })

/** What a decision about a declaration reads like. */
export const historyLine = (state: State, { event }: Envelope): HistoryLine => {
  switch (event.type) {
    case 'MetaInstanceCreated':
      return plain(event.metaInstance.onRequest ? 'Loaded on request' : 'Declared')
    case 'MetaInstanceUpdated':
      return plain(changeText(event.changes))
    case 'MetaInstancePlacementFailed':
      return failure(`Can’t be placed: ${event.reason}`)
    case 'MetaInstanceScheduled':
      if (event.schedule.woken) return plain('Loaded outside its hours, on request')
      return plain(event.schedule.on ? 'Its hours began' : 'Its hours are over')
    case 'MetaInstanceRecovered':
      return plain('Recovered')
    case 'InstanceCreated': {
      const names = event.instance.shards.map(({ nodeId }) => nodeName(state, nodeId))
      return plain(`Placed on ${names.join(', ')}`)
    }
    case 'InstanceRetrying':
      return failure(`Loaded again after: ${event.failureError}`)
    case 'InstanceDeleted':
      return event.failureError === undefined
        ? plain('Taken out of memory')
        : failure(`Given up after: ${event.failureError}`)
    default:
      return plain(event.type)
  }
}
