import type { Event } from '../events/event'
import type { Timestamp } from '../ids'
import type { IdSource } from '../reconcile/index'
import type { State } from '../state/state'
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

export const decided = (...events: Event[]): Decided => ({ status: 'decided', events })

export const refused = (code: Refusal['code'], reason: string, details?: Refusal['details']): Decided => ({
  status: 'refused',
  refusal: { code, reason, ...(details && { details }) },
})

export const unknown = (what: string, id: string): Decided =>
  refused('not_found', `There is no ${what} with the id ${id}`)

/** The refusal for a problem, if there is one. */
export const conflict = (problem: string | undefined): Decided | undefined =>
  problem === undefined ? undefined : refused('conflict', problem)

/** The refusal of an entity that is submitted again after a split, if it has been removed since. */
export const removedSince = ({ retired = {} }: State, id: string): Decided | undefined =>
  id in retired ? refused('conflict', `${id} was declared before a split, and removed since`) : undefined
