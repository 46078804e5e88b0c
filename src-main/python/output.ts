/** How much of what was printed is kept, in characters. */
const KEPT = 64 * 1024

/** ECMA-48 control sequences, which move and colour. */
const CONTROL_SEQUENCES = new RegExp('\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07]*(?:\\x07|\\x1b\\\\))', 'g')

const TELLING = /error|cannot|could not|failed|missing|no space|denied|timed? ?out/i
/** A person reads this in a line or two. */
const MOST_LINES = 3

/** The last part of what an installation printed, for those who open its terminal later. */
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

/** Of what a program printed the lines that seem to say why it failed; undefined where it printed nothing. */
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
