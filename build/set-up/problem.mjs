/** Something the set-up cannot do, with what a person can do about it. Trying again would not help. */
export class SetUpProblem extends Error {
  /**
   * @param {object} details
   * @param {string} details.message
   * @param {string} details.hint what to do
   * @param {string} [details.output] what the program that failed had to say
   * @param {unknown} [details.cause]
   */
  constructor({ message, hint, output, cause }) {
    super(message, { cause })
    this.name = 'SetUpProblem'
    this.hint = hint
    this.output = output
  }
}
