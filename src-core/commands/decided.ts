import type { Event } from '../events/event'
import type { Timestamp } from '../ids'
import type { IdSource } from '../reconcile/process-manager'
import type { Refusal } from './command'

/** What a decision may rest on beside the state and the command. */
export interface DecideInputs {
  readonly now: Timestamp
  readonly ids: IdSource
}

/** What a command leads to: the events of all of it, or none and why. */
export type Decided =
  | { readonly status: 'decided'; readonly events: readonly Event[] }
  | { readonly status: 'refused'; readonly refusal: Refusal }
