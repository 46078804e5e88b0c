import type { Event } from '../events/event'
import type { Timestamp } from '../ids'
import type { IdSource } from '../reconcile/process-manager'
import type { Refusal } from './command'

/** Inputs of a decision besides the state and the command. */
export interface DecideInputs {
  readonly now: Timestamp
  readonly ids: IdSource
}

/** Result of a command: all its events, or the refusal and none. */
export type Decided =
  | { readonly status: 'decided'; readonly events: readonly Event[] }
  | { readonly status: 'refused'; readonly refusal: Refusal }
