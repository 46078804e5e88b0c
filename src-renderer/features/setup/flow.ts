/** Navigation of a setup step. */
export interface Flow {
  readonly done: () => void
  readonly skip: () => void
  /** Undefined at the first step. */
  readonly back: (() => void) | undefined
}
