import type { Refusal } from '@core/commands/command'

/** The outcome of a command. */
export type Outcome =
  | { readonly status: 'done' }
  | { readonly status: 'refused'; readonly refusal: Refusal }
  /** No leader was found in time. */
  | { readonly status: 'undecided'; readonly reason: string }
