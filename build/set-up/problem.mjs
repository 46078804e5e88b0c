/** A problem that retrying does not solve, with what the user can do. */
export class SetUpProblem extends Error {
  /**
   * @param {object} details
   * @param {string} details.message
   * @param {string} details.hint what to do
   * @param {string} [details.output] the output of the program that failed
   * @param {unknown} [details.cause]
   */
  constructor({ message, hint, output, cause }) {
    super(message, { cause })
    this.name = 'SetUpProblem'
    this.hint = hint
    this.output = output
  }
}
