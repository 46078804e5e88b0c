import { EVENT_SCHEMA_VERSION, type Envelope, type Event } from './event'
import type { Timestamp } from '../ids'
import type { State } from '../state/state'

/** Wraps an event in the envelope that it would get next, to fold it ahead of its commit. */
export const next = (state: State, event: Event, now: Timestamp): Envelope => ({
  v: EVENT_SCHEMA_VERSION,
  index: state.lastEventIndex + 1,
  term: state.term,
  at: Math.max(now, state.lastEventAt),
  event,
})
