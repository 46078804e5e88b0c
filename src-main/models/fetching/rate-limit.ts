import { passing } from './passing'

/** A changed limit holds for what already waits within this time. */
const LOOK_EVERY_MS = 250
/** What may come at once after a pause, in seconds of the limit. */
const BURST_SECONDS = 0.25

export interface RateLimitOptions {
  /** Bytes per second, read anew for every part; 0 is no limit. */
  readonly bytesPerSecond: () => number
  /** Milliseconds on a clock that never goes back; a test has its own. */
  readonly now?: () => number
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** One token bucket for all downloads of a node: together they take no more than the limit. */
export class RateLimit {
  private allowance = 0
  private refilledAt: number
  private readonly now: () => number
  private readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>

  constructor(private readonly options: RateLimitOptions) {
    this.now = options.now ?? (() => performance.now())
    this.wait = options.wait ?? passing
    this.refilledAt = this.now()
  }

  /** Resolves when these bytes are allowed, or when the signal aborts. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    if (this.options.bytesPerSecond() === 0) return
    this.refill()
    this.allowance -= bytes
    for (;;) {
      const rate = this.options.bytesPerSecond()
      if (rate === 0) this.allowance = 0
      if (this.allowance >= 0 || signal.aborted) return
      await this.wait(Math.min(LOOK_EVERY_MS, (1000 * -this.allowance) / rate), signal)
      this.refill()
    }
  }

  private refill(): void {
    const now = this.now()
    const rate = this.options.bytesPerSecond()
    this.allowance = Math.min(BURST_SECONDS * rate, this.allowance + (rate * (now - this.refilledAt)) / 1000)
    this.refilledAt = now
  }
}
