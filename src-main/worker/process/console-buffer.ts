/** Limit of the console kept per runner. */
export const KEPT_CHARACTERS = 64 * 1024

/** Terminal control sequences for cursor and colour (ECMA-48). */
const CONTROL_SEQUENCES = new RegExp('\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07]*(?:\\x07|\\x1b\\\\))', 'g')

/** Splits into lines without control sequences and empty lines. */
export const consoleLines = (text: string): string[] =>
  text
    .replace(CONTROL_SEQUENCES, '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')

/** A runner's output. */
export interface Console {
  /** The last part of the output, unprocessed. */
  raw(): string
  /** Its lines, see `consoleLines`. */
  lines(): string[]
}

/** Keeps the last part of a runner's output. */
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
