import { z } from 'zod'
import { Timestamp } from '../ids'
import { Envelope, type Event } from './event'

/**
 * A decision in a declaration's history. Consecutive failures with the same cause are one entry: the latest of them,
 * with their number. A declaration that fails on one machine after another has one entry per machine.
 */
export const HistoryEvent = Envelope.extend({
  repeated: z.object({ times: z.number().int().min(2), since: Timestamp }).optional(),
})
export type HistoryEvent = z.infer<typeof HistoryEvent>

/** What a history keeps of a day whose decisions are too many and too old to keep each. */
export const HistoryDay = z.object({
  /** In UTC: `2026-01-31`. */
  day: z.iso.date(),
  events: z.number().int(),
  failures: z.number().int(),
  /** Reason of the last failure. */
  reason: z.string().optional(),
})
export type HistoryDay = z.infer<typeof HistoryDay>

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

const isAttempt = ({ event }: HistoryEvent): boolean => event.type === 'InstanceCreated'

/**
 * Appends a decision to a history, oldest first. Attempts between two failures with the same cause are merged into
 * them.
 */
export const withDecision = (events: readonly HistoryEvent[], envelope: Envelope): readonly HistoryEvent[] => {
  const cause = failureOf(envelope.event)
  if (cause === undefined) return [...events, envelope]
  const failing = events.findLastIndex((one) => !isAttempt(one) && failureOf(one.event) === undefined) + 1
  const at = events.findLastIndex(({ event }) => failureOf(event) === cause)
  const known = at < failing ? undefined : events[at]
  if (known === undefined) return [...events, envelope]
  const { times, since } = known.repeated ?? { times: 1, since: known.at }
  const between = events.slice(at + 1).filter((one) => !isAttempt(one))
  return [...events.slice(0, at), ...between, { ...envelope, repeated: { times: times + 1, since } }]
}
