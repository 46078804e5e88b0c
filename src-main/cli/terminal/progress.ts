import type { Output } from './output'

/** Without a terminal, an unchanged step is printed again after this time. */
const AGAIN_MS = 10_000

/** Shows progress: one changing line on a terminal, otherwise throttled lines. */
export class Progress {
  private shown = ''
  private shownAt = 0

  constructor(
    private readonly err: Output,
    private readonly now: () => number = Date.now,
  ) {}

  /** `step` identifies the current step; a new one is always printed. */
  async show(step: string, text: string): Promise<void> {
    if (this.err.isTerminal) return this.err.status(text)
    const now = this.now()
    if (step === this.shown && now - this.shownAt < AGAIN_MS) return
    this.shown = step
    this.shownAt = now
    await this.err.line(text)
  }

  /** Removes the changing line. */
  async end(): Promise<void> {
    await this.err.clearStatus()
  }
}
