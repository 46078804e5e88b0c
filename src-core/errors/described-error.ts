/** Documentation of an error code. */
export interface DescribedError {
  /** HTTP statuses it is sent with; empty if it is part of a state rather than a response. */
  readonly statuses: readonly number[]
  /** When it happens; a sentence without a full stop. */
  readonly cause: string
  /** What to do; a sentence without a full stop. */
  readonly remedy: string
}
