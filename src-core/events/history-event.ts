import { z } from 'zod'
import { Timestamp } from '../ids'
import { Envelope, type Event } from './event'

/**
 * A decision in a declaration's history. Consecutive failures with the same cause are one entry: the latest, and their
 * number.
 */
export const HistoryEvent = Envelope.extend({
  repeated: z.object({ times: z.number().int().min(2), since: Timestamp }).optional(),
})
export type HistoryEvent = z.infer<typeof HistoryEvent>

/** Returns why something failed according to an event; undefined if the event is no failure. */
export const failureOf = (event: Event): string | undefined => {
  switch (event.type) {
    case 'InstanceDeleted':
    case 'InstanceRetrying':
      return event.failureError
    case 'MetaInstancePlacementFailed':
      return event.reason
    default:
      return undefined
  }
}

/**
 * Appends a decision to a history, oldest first. Attempts between two failures with the same cause are merged into
 * them.
 */
export const withDecision = (events: readonly HistoryEvent[], envelope: Envelope): readonly HistoryEvent[] => {
  const cause = failureOf(envelope.event)
  const at = events.findLastIndex(({ event }) => event.type !== 'InstanceCreated')
  const before = events[at]
  if (cause === undefined || before === undefined || failureOf(before.event) !== cause) return [...events, envelope]
  const { times, since } = before.repeated ?? { times: 1, since: before.at }
  return [...events.slice(0, at), { ...envelope, repeated: { times: times + 1, since } }]
}
