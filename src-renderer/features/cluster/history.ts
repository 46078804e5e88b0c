import type { Envelope } from '@core/events/event'
import type { HistoryDay, HistoryEvent } from '@core/events/history-event'
import { nodeName } from '@core/state/bindings'
import type { MetaInstanceChanges, OnRequest } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { dateTimeText, nodeText, placementFormats, t, utcDateText } from '../../state/texts.svelte'
import { durationText } from '../../state/text'

export interface HistoryLine {
  readonly text: string
  readonly tone: 'plain' | 'failure'
}

const FIELDS = [
  ...(['name', 'modelId', 'sharding', 'instanceMeta', 'minNodes', 'nodeIds'] as const),
  ...(['placementPreference', 'maxContext', 'concurrency', 'kvBits', 'draftModelId', 'adapterId'] as const),
  ...(['hours', 'replicas', 'owner', 'labels'] as const),
] satisfies readonly (keyof MetaInstanceChanges)[]

const MS_PER_SECOND = 1000

const keptText = ({ idleSeconds }: OnRequest): string => {
  if (idleSeconds === undefined) return t('cards.history.keptUntilEnded')
  return idleSeconds === 0
    ? t('cards.history.keptUntilAnswered')
    : t('cards.history.keptFor', { time: durationText(idleSeconds * MS_PER_SECOND) })
}

/** How long an on-request model stays loaded. */
const lifetimeText = ({ onRequest, pinned }: MetaInstanceChanges): string | undefined => {
  if (onRequest === null) return t('cards.history.keptAlwaysOn')
  if (onRequest !== undefined) return keptText(onRequest)
  if (pinned === undefined) return undefined
  return pinned ? t('cards.history.pinned') : t('cards.history.unpinned')
}

/** A change of a declaration: `Changed: name, context`. */
export const changeText = ({ paused, ...changes }: MetaInstanceChanges): string => {
  if (paused !== undefined) return paused ? t('cards.history.paused') : t('cards.history.resumed')
  const lifetime = lifetimeText(changes)
  if (lifetime !== undefined) return lifetime
  const changed = FIELDS.flatMap((field) => (field in changes ? [t(`cards.field.${field}`)] : []))
  return changed.length === 0
    ? t('cards.history.changed')
    : t('cards.history.changedWhat', { what: changed.join(', ') })
}

const plain = (text: string): HistoryLine => ({ text, tone: 'plain' })
const failure = (text: string): HistoryLine => ({ text, tone: 'failure' })

/** The failure reason in an event, if any. */
const failureIn = (state: State, { event }: Envelope): string | undefined => {
  switch (event.type) {
    case 'MetaInstancePlacementFailed':
      return placementFormats().refusal(state, event)
    case 'InstanceRetrying':
    case 'InstanceDeleted':
      return event.failureError === undefined ? undefined : nodeText(event.failure, event.failureError)
    default:
      return undefined
  }
}

/**
 * The text of a decision about a declaration.
 *
 * @param before the reason shown before this one, which is not repeated
 */
export const historyLine = (state: State, envelope: Envelope, before?: string): HistoryLine => {
  const { event } = envelope
  const why = failureIn(state, envelope) ?? ''
  const reason = why === before ? t('cards.history.sameReason') : why
  switch (event.type) {
    case 'MetaInstanceCreated':
      return plain(event.metaInstance.onRequest ? t('cards.history.loadedOnRequest') : t('cards.history.declared'))
    case 'MetaInstanceUpdated':
      return plain(changeText(event.changes))
    case 'MetaInstancePlacementFailed':
      return failure(t('cards.history.cannotBePlaced', { reason }))
    case 'MetaInstanceScheduled':
      if (event.schedule.woken) return plain(t('cards.history.woken'))
      return plain(event.schedule.on ? t('cards.history.hoursBegan') : t('cards.history.hoursOver'))
    case 'MetaInstanceRecovered':
      return plain(t('cards.history.recovered'))
    case 'InstanceCreated': {
      const names = event.instance.shards.map(({ nodeId }) => nodeName(state, nodeId))
      return plain(t('cards.history.placedOn', { names: names.join(', ') }))
    }
    case 'InstanceRetrying':
      return failure(t('cards.history.loadedAgainAfter', { failure: reason }))
    case 'InstanceDeleted':
      return event.failureError === undefined
        ? plain(t('cards.history.takenOut'))
        : failure(t('cards.history.givenUpAfter', { failure: reason }))
    default:
      return plain(event.type)
  }
}

/** Adds to a repeated failure how often and since when it occurs. */
const withCount = ({ text, tone }: HistoryLine, { repeated }: HistoryEvent): HistoryLine => {
  if (!repeated) return { text, tone }
  const { times, since } = repeated
  return { text: t('cards.history.repeated', { line: text, times, since: dateTimeText(since) }), tone }
}

/** Lines in the given order. A reason that repeats the chronologically previous one is shown once. */
export const historyLines = (
  state: State,
  envelopes: readonly HistoryEvent[],
): readonly { readonly envelope: HistoryEvent; readonly line: HistoryLine }[] => {
  const inTime = [...envelopes].sort((a, b) => a.term - b.term || a.index - b.index)
  let before: string | undefined
  const lines = new Map<HistoryEvent, HistoryLine>()
  for (const envelope of inTime) {
    lines.set(envelope, withCount(historyLine(state, envelope, before), envelope))
    before = failureIn(state, envelope) ?? before
  }
  return envelopes.flatMap((envelope) => {
    const line = lines.get(envelope)
    return line ? [{ envelope, line }] : []
  })
}

/** A day is kept in UTC, so it has the same name everywhere. */
export const dayText = ({ day }: HistoryDay): string => utcDateText(Date.parse(day))

/** The line of a day whose decisions are no longer kept one by one. */
export const dayLine = ({ events, failures, reason }: HistoryDay): HistoryLine =>
  failures === 0
    ? plain(t('cards.history.day', { events }))
    : { text: t('cards.history.dayOfFailures', { events, failures, reason: reason ?? '' }), tone: 'failure' }
