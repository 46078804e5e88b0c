/** Limit of the kept output, in characters. */
const KEPT = 64 * 1024

/** Terminal control sequences for cursor and colour (ECMA-48). */
const CONTROL_SEQUENCES = new RegExp('\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07]*(?:\\x07|\\x1b\\\\))', 'g')

const TELLING = /error|cannot|could not|failed|missing|no space|denied|timed? ?out/i
/** Limit of an error for people: a line or two. */
const MOST_LINES = 3

/** Keeps the last part of an installation's output, for terminals opened later. */
export class InstallOutput {
  private printed = ''

  get text(): string {
    return this.printed
  }

  add(text: string): void {
    this.printed = (this.printed + text).slice(-KEPT)
  }

  clear(): void {
    this.printed = ''
  }
}

/** Picks the lines of a program's output that probably explain its failure; undefined if it printed nothing. */
export const tellingLines = (printed: string): string | undefined => {
  const lines = printed
    .replace(CONTROL_SEQUENCES, '')
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const telling = lines.filter((line) => TELLING.test(line))
  const told = (telling.length > 0 ? telling : lines).slice(-MOST_LINES).join(' ')
  return told === '' ? undefined : told
}
