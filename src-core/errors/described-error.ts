/** What an error code means to whoever gets it. */
export interface DescribedError {
  /** HTTP statuses that it comes with; none where it is part of a state and not an answer. */
  readonly statuses: readonly number[]
  /** When it happens. A sentence without its stop. */
  readonly cause: string
  /** What to do about it. A sentence without its stop. */
  readonly remedy: string
}
