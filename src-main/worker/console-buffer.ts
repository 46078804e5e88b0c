/** How much of a runner's console is kept. */
export const KEPT_CHARACTERS = 64 * 1024

/** What a program may write to a terminal to move and colour: ECMA-48 control sequences. */
const CONTROL_SEQUENCES = new RegExp('\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07]*(?:\\x07|\\x1b\\\\))', 'g')

/** Lines without control sequences, empty ones left out. */
export const consoleLines = (text: string): string[] =>
  text
    .replace(CONTROL_SEQUENCES, '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')

/** What a runner printed. */
export interface Console {
  /** The last part of it, as it was printed. */
  raw(): string
  /** Its lines, see `consoleLines`. */
  lines(): string[]
}

/** The last part of what a runner printed. */
export class ConsoleBuffer implements Console {
  private text = ''

  add(data: string): void {
    this.text = (this.text + data).slice(-KEPT_CHARACTERS)
  }

  raw(): string {
    return this.text
  }

  lines(): string[] {
    return consoleLines(this.text)
  }
}
