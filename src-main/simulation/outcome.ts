import type { Refusal } from '@core/commands/command'

/** What a command came to. */
export type Outcome =
  | { readonly status: 'done' }
  | { readonly status: 'refused'; readonly refusal: Refusal }
  /** Nobody who could decide was found in time. */
  | { readonly status: 'undecided'; readonly reason: string }
