import type { Timestamp } from '../ids'

/** Readings of a machine's clocks, both in milliseconds. */
export interface ClockReading {
  /** System time since 1970; may be set forward or back at any moment. */
  readonly wall: Timestamp
  /** Monotonic time from an arbitrary origin; may stand still while the machine sleeps. */
  readonly monotonic: number
}

/**
 * The clock that decisions are made by and stamped with.
 *
 * 1. It never runs back, and never slower than elapsed time: deadlines come when due, however the system clock is set.
 * 2. It is never before a stamp it has witnessed, its own or another leader's, so deadlines set by an earlier leader
 * stay valid.
 * 3. It follows the system clock when that is ahead: after a sleep, or when it was set forward. Code that keeps
 * deadlines detects that as a jump and restarts them.
 *
 * It is a hybrid clock as in Kulkarni et al., "Logical Physical Clocks" (2014), with elapsed time in place of the
 * counter.
 */
export class LeaderClock {
  private latest: Timestamp
  private monotonic: number

  constructor({ wall, monotonic }: ClockReading) {
    this.latest = wall
    this.monotonic = monotonic
  }

  /** Takes in a stamp of the log or of another leader; elapsed time counts on top of it from this reading on. */
  witness(stamp: Timestamp, reading: ClockReading): void {
    this.now(reading)
    this.latest = Math.max(this.latest, stamp)
  }

  now({ wall, monotonic }: ClockReading): Timestamp {
    const elapsed = Math.max(0, monotonic - this.monotonic)
    this.monotonic = monotonic
    this.latest = Math.max(wall, this.latest + elapsed)
    return Math.round(this.latest)
  }
}
