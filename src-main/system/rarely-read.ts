export interface RarelyReadOptions<Value> {
  /** Undefined, or rejects, if it failed. */
  read(): Promise<Value | undefined>
  /** A reading has finished; the value may have changed. */
  onRead(): void
  /** Milliseconds; never decreases. */
  now(): number
  /** Milliseconds until the next reading; doubled each time, up to `longest`. */
  readonly soonest: number
  readonly longest: number
}

/**
 * Caches a slow reading: returns the last value at once and refreshes it in the background when due. A new mark makes
 * it due at once and then soon again (a cable just plugged in takes a while to come up); otherwise it is due rarely.
 */
export class RarelyRead<Value> {
  private value: Value | undefined
  private mark: string | undefined
  private dueAt = -Infinity
  private delay: number
  private reading = false

  constructor(private readonly options: RarelyReadOptions<Value>) {
    this.delay = options.soonest
  }

  look(mark: string): Value | undefined {
    const { now, soonest } = this.options
    if (mark !== this.mark) {
      this.delay = soonest
      this.dueAt = -Infinity
    }
    if (!this.reading && now() >= this.dueAt) void this.read(mark)
    return this.value
  }

  private async read(mark: string): Promise<void> {
    const { read, onRead, now, longest } = this.options
    this.reading = true
    const value = await read().catch(() => undefined)
    this.reading = false
    // A single failed reading does not invalidate the value of an unchanged mark.
    if (value !== undefined || mark !== this.mark) this.value = value
    this.mark = mark
    this.dueAt = now() + this.delay
    this.delay = Math.min(longest, 2 * this.delay)
    onRead()
  }
}
