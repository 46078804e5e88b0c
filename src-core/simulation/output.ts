import type { Event } from '../events/event'
import type { Timestamp } from '../ids'
import type { State } from '../state/state'

/** One line that a simulation prints, as JSON. */
export type OutputLine =
  | { readonly at: Timestamp; readonly index: number; readonly event: Event }
  | { readonly at: Timestamp; readonly refused: { readonly command: string; readonly reason: string } }
  | { readonly finalState: State }
