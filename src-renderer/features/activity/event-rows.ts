import type { Envelope, Event } from '@core/events/event'
import { nodeName } from '@core/state/bindings'
import type { NodeId } from '@core/ids'
import type { State } from '@core/state/state'
import { shortName } from '../../state/text'
import { failureText, nodeText, placementFormats, statusLines, t } from '../../state/texts.svelte'
import { changeText } from '../cluster/history'

/** Categories of events; each can be filtered. */
export const EVENT_KINDS = [
  'Models',
  'Machines',
  'Reports',
  'Runners',
  'Requests',
  'Downloads',
  'Connections',
  'Settings',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** Shown by default: decisions, which are few. */
export const FIRST_KINDS: readonly EventKind[] = ['Models', 'Machines', 'Settings']

export interface EventRow {
  readonly key: string
  readonly at: number
  readonly kind: EventKind
  /** Event type as in logs and the API. */
  readonly type: Event['type']
  readonly text: string
  readonly failed: boolean
}

interface Description {
  readonly kind: EventKind
  readonly about: string
  readonly failure?: string | undefined
}

const instanceName = (state: State, instanceId: string): string => {
  const instance = state.instances[instanceId]
  if (!instance) return t('activity.instance', { id: instanceId.slice(0, 8) })
  const declared = instance.metaInstanceId && state.metaInstances[instance.metaInstanceId]
  return (declared && declared.name) ?? shortName(instance.modelId)
}

const declaredName = (state: State, metaInstanceId: string): string => {
  const declared = state.metaInstances[metaInstanceId]
  return declared
    ? (declared.name ?? shortName(declared.modelId))
    : t('activity.declaration', { id: metaInstanceId.slice(0, 8) })
}

const about = (what: string, detail: string): string => t('activity.about', { what, detail })

const leavingText = (reason: string): string =>
  reason === 'quit' || reason === 'sleep' ? t(`activity.leaving.${reason}`) : reason

const describe = (state: State, event: Event): Description => {
  const machine = (nodeId: NodeId): string => nodeName(state, nodeId)
  switch (event.type) {
    case 'MetaInstanceCreated':
      return { kind: 'Models', about: event.metaInstance.name ?? shortName(event.metaInstance.modelId) }
    case 'MetaInstanceUpdated':
      return {
        kind: 'Models',
        about: about(declaredName(state, event.metaInstanceId), changeText(event.changes)),
      }
    case 'MetaInstanceDeleted':
    case 'MetaInstanceScheduled':
    case 'MetaInstanceRecovered':
      return { kind: 'Models', about: declaredName(state, event.metaInstanceId) }
    case 'MetaInstancePlacementFailed':
      return {
        kind: 'Models',
        about: declaredName(state, event.metaInstanceId),
        failure: placementFormats().refusal(state, event),
      }
    case 'InstanceCreated': {
      const names = event.instance.shards.map(({ nodeId }) => machine(nodeId))
      return {
        kind: 'Models',
        about: t('activity.onMachines', { name: shortName(event.instance.modelId), machines: names.join(', ') }),
      }
    }
    case 'InstanceDeleted':
    case 'InstanceRetrying': {
      const { failure, failureError } = event
      return {
        kind: 'Models',
        about: instanceName(state, event.instanceId),
        failure: failureError === undefined ? undefined : nodeText(failure, failureError),
      }
    }
    case 'MemberAdmitted':
      return { kind: 'Machines', about: event.friendlyName }
    case 'MemberUpdated':
    case 'MemberRemoved':
    case 'NodeTimedOut':
      return { kind: 'Machines', about: machine(event.nodeId) }
    case 'NodeGatheredInfo':
      return { kind: 'Reports', about: machine(event.nodeId) }
    case 'NodeLeaving':
      return { kind: 'Machines', about: about(machine(event.nodeId), leavingText(event.reason)) }
    case 'RunnerStatusUpdated':
      return {
        kind: 'Runners',
        about: about(event.runnerId.slice(0, 8), statusLines().stage(event)),
        failure: event.status === 'Failed' ? nodeText(event.coded, event.errorMessage) : undefined,
      }
    case 'RunnerDeleted':
      return { kind: 'Runners', about: event.runnerId.slice(0, 8) }
    case 'TaskCreated':
      return { kind: 'Requests', about: instanceName(state, event.task.instanceId) }
    case 'TaskStatusUpdated':
      return { kind: 'Requests', about: about(event.taskId.slice(0, 8), t(`activity.task.${event.status}`)) }
    case 'TaskFailed':
      return { kind: 'Requests', about: event.taskId.slice(0, 8), failure: failureText(event.code, event.error) }
    case 'TaskDeleted':
      return { kind: 'Requests', about: event.taskId.slice(0, 8) }
    case 'NodeDownloadProgress':
      return {
        kind: 'Downloads',
        about: about(
          t('activity.downloadTo', { name: shortName(event.modelId), machine: machine(event.nodeId) }),
          event.download ? t(`activity.download.${event.download.status}`) : t('activity.removed'),
        ),
        failure: event.download?.error && nodeText(event.download.coded, event.download.error),
      }
    case 'TopologyEdgeCreated':
    case 'TopologyEdgeDeleted':
      return {
        kind: 'Connections',
        about: t('activity.fromTo', { a: machine(event.edge.from), b: machine(event.edge.to) }),
      }
    case 'JacclSideChannelData':
    case 'JacclSideChannelGathered':
      return { kind: 'Connections', about: instanceName(state, event.instanceId) }
    case 'SettingChanged':
      return { kind: 'Settings', about: t(`activity.setting.${event.change.key}`) }
    case 'ApiKeyCreated':
      return { kind: 'Settings', about: event.apiKey.name }
    case 'ApiKeyUpdated':
    case 'ApiKeyRevoked':
      return { kind: 'Settings', about: state.apiKeys[event.apiKeyId]?.name ?? event.apiKeyId.slice(0, 8) }
  }
}

/** The text of an event type: `Retrying` for `InstanceRetrying`. */
export const eventWords = (type: Event['type']): string => t(`activity.event.${type}`)

export const eventRow = (state: State, { index, term, at, event }: Envelope): EventRow => {
  const { kind, about: subject, failure } = describe(state, event)
  const text = [subject, failure].filter((part) => part !== undefined && part !== '').join(': ')
  return { key: `${term}:${index}`, at, kind, type: event.type, text, failed: failure !== undefined }
}

/**
 * Rows of all events, oldest first. A failure that several events of a model repeat in a row is shown once: when an
 * instance is given up, its declaration then fails to be placed for the same reason.
 */
export const eventRows = (state: State, envelopes: readonly Envelope[]): readonly EventRow[] => {
  const before = new Map<string, string>()
  return envelopes.map((envelope) => {
    const { kind, about: subject, failure } = describe(state, envelope.event)
    if (kind !== 'Models' || failure === undefined) return eventRow(state, envelope)
    const same = before.get(subject) === failure
    before.set(subject, failure)
    const row = eventRow(state, envelope)
    return same ? { ...row, text: about(subject, t('cards.history.sameReason')) } : row
  })
}

/** Rows of these kinds that contain all words, newest first. */
export const matchingEvents = (
  rows: readonly EventRow[],
  { kinds, search }: { readonly kinds: readonly EventKind[]; readonly search: string },
): readonly EventRow[] => {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return rows
    .filter(({ kind, type, text }) => {
      const all = `${type} ${eventWords(type)} ${text}`.toLowerCase()
      return kinds.includes(kind) && words.every((word) => all.includes(word))
    })
    .reverse()
}
