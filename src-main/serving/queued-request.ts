/** Outcome of a queued request: it got a slot, its client cancelled it, or its instance ended. */
export type Turn = 'run' | 'cancelled' | 'gone'

/** One request in the queue of an instance, with the latest place to report to its client. */
export class QueuedRequest {
  private ahead: number | undefined
  private reported: number | undefined
  private turn: Turn | undefined
  private wake: (() => void) | undefined

  /** Sets the number of requests ahead. A slow reader gets the latest number only. */
  place(ahead: number): void {
    this.ahead = ahead
    this.wake?.()
  }

  /** Ends the wait; only the first call counts. */
  settle(turn: Turn): void {
    this.turn ??= turn
    this.wake?.()
  }

  /** The outcome, once the wait has ended. */
  get outcome(): Turn | undefined {
    return this.turn
  }

  /** Waits for a new number of requests ahead, or the outcome. */
  async next(): Promise<number | Turn> {
    for (;;) {
      if (this.turn !== undefined) return this.turn
      if (this.ahead !== this.reported && this.ahead !== undefined) {
        this.reported = this.ahead
        return this.ahead
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
      this.wake = undefined
    }
  }
}
