export interface RarelyReadOptions<Value> {
  /** Undefined, or rejects, where it failed. */
  read(): Promise<Value | undefined>
  /** There is a value that may be another one than before. */
  onRead(): void
  /** Milliseconds; never goes back. */
  now(): number
  /** Milliseconds until it is read again; doubled each time, up to `longest`. */
  readonly soonest: number
  readonly longest: number
}

/**
 * What takes long to read: asking for it gives what is known at once, and has it read in the background where that is
 * due. It is due when the mark is another one (then soon again, since a cable that was just plugged in takes a while
 * to come up), and else rarely.
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
    // One reading that failed says nothing of what has not changed.
    if (value !== undefined || mark !== this.mark) this.value = value
    this.mark = mark
    this.dueAt = now() + this.delay
    this.delay = Math.min(longest, 2 * this.delay)
    onRead()
  }
}
