/** What becomes of a queued request: its turn has come, or it is over without one. */
export type Turn = 'run' | 'cancelled' | 'gone'

/** One request in the queue of an instance: it hears its place whenever that changes, and at last its turn. */
export class QueuedRequest {
  private ahead: number | undefined
  private told: number | undefined
  private turn: Turn | undefined
  private wake: (() => void) | undefined

  /** So many requests are ahead of it. Only the latest figure is kept for a slow reader. */
  place(ahead: number): void {
    this.ahead = ahead
    this.wake?.()
  }

  /** The first turn counts. */
  settle(turn: Turn): void {
    this.turn ??= turn
    this.wake?.()
  }

  /** What it was settled with, if it was. */
  get outcome(): Turn | undefined {
    return this.turn
  }

  /** Requests ahead of it, where that has changed since the last call, or its turn. Waits until there is either. */
  async next(): Promise<number | Turn> {
    for (;;) {
      if (this.turn !== undefined) return this.turn
      if (this.ahead !== this.told && this.ahead !== undefined) {
        this.told = this.ahead
        return this.ahead
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
  }
}
