import type { Output } from './output'

/** Something that goes on only in its figures is told again after this long, where there is no terminal. */
const AGAIN_MS = 10_000

/** Shows how far something is: in one line that changes on a terminal, else line by line and not too often. */
export class Progress {
  private shown = ''
  private shownAt = 0

  constructor(
    private readonly err: Output,
    private readonly now: () => number = Date.now,
  ) {}

  /** `step` is what matters of the text; a new one is always told. */
  async show(step: string, text: string): Promise<void> {
    if (this.err.isTerminal) return this.err.status(text)
    const now = this.now()
    if (step === this.shown && now - this.shownAt < AGAIN_MS) return
    this.shown = step
    this.shownAt = now
    await this.err.line(text)
  }

  /** Takes the changing line away. */
  async end(): Promise<void> {
    await this.err.clearStatus()
  }
}
