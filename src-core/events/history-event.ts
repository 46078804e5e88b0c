import { z } from 'zod'
import { Timestamp } from '../ids'
import { Envelope, type Event } from './event'

/** A decision in a declaration's history. Failures in a row of one cause are one entry: the latest of them, and how many. */
export const HistoryEvent = Envelope.extend({
  repeated: z.object({ times: z.number().int().min(2), since: Timestamp }).optional(),
})
export type HistoryEvent = z.infer<typeof HistoryEvent>

/** Why something failed, as an event says it; undefined if it is no failure. */
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

/** A history with one more decision; oldest first. Attempts between two failures of one cause go into their count. */
export const withDecision = (events: readonly HistoryEvent[], envelope: Envelope): readonly HistoryEvent[] => {
  const cause = failureOf(envelope.event)
  const at = events.findLastIndex(({ event }) => event.type !== 'InstanceCreated')
  const before = events[at]
  if (cause === undefined || before === undefined || failureOf(before.event) !== cause) return [...events, envelope]
  const { times, since } = before.repeated ?? { times: 1, since: before.at }
  return [...events.slice(0, at), { ...envelope, repeated: { times: times + 1, since } }]
}
