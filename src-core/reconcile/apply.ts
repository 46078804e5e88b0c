import { EVENT_SCHEMA_VERSION, type Envelope, type Event } from '../events/event'
import type { Timestamp } from '../ids'
import type { State } from '../state/state'

/** The envelope that an event would get next; the state is folded with it to look ahead. */
export const next = (state: State, event: Event, now: Timestamp): Envelope => ({
  v: EVENT_SCHEMA_VERSION,
  index: state.lastEventIndex + 1,
  term: state.term,
  at: Math.max(now, state.lastEventAt),
  event,
})
