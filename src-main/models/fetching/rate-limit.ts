import { sleep } from './sleep'

/** Polling interval within which a changed limit applies to waiting requests. */
const POLL_MS = 250
/** Burst allowed after a pause, in seconds' worth of the limit. */
const BURST_SECONDS = 0.25

export interface RateLimitOptions {
  /** Bytes per second, read for every chunk; 0 means unlimited. */
  readonly bytesPerSecond: () => number
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: () => number
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

/** A token bucket shared by all downloads of a node. */
export class RateLimit {
  private allowance = 0
  private refilledAt: number
  private readonly now: () => number
  private readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>

  constructor(private readonly options: RateLimitOptions) {
    this.now = options.now ?? (() => performance.now())
    this.wait = options.wait ?? sleep
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
      await this.wait(Math.min(POLL_MS, (1000 * -this.allowance) / rate), signal)
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
