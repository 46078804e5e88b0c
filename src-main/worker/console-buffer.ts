/** How much of a runner's console is kept. */
const KEPT_CHARACTERS = 64 * 1024

/** What a program may write to a terminal to move and colour: ECMA-48 control sequences. */
const CONTROL_SEQUENCES = new RegExp('\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07]*(?:\\x07|\\x1b\\\\))', 'g')

/** The last part of what a runner printed. */
export class ConsoleBuffer {
  private text = ''

  add(data: string): void {
    this.text = (this.text + data).slice(-KEPT_CHARACTERS)
  }

  /** As it was printed. */
  raw(): string {
    return this.text
  }

  /** Lines without control sequences, empty ones left out. */
  lines(): string[] {
    return this.text
      .replace(CONTROL_SEQUENCES, '')
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== '')
  }
}
