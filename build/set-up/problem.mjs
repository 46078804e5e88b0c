/** Something the set-up cannot do, with what a person can do about it. Trying again would not help. */
export class SetUpProblem extends Error {
  /** @param {{ message: string, hint: string, cause?: unknown }} details */
  constructor({ message, hint, cause }) {
    super(message, { cause })
    this.name = 'SetUpProblem'
    this.hint = hint
  }
}
