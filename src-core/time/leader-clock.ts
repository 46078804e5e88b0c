import { LATEST_TIMESTAMP, type Timestamp } from '../ids'
import { elapsed, epochMs, type Monotonic, type WallTime } from './clocks'

/** Readings of a machine's clocks. */
export interface ClockReading {
  /** System time; may be set forward or back at any moment. */
  readonly wall: WallTime
  /** May stand still while the machine sleeps. */
  readonly monotonic: Monotonic
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
  private monotonic: Monotonic

  constructor({ wall, monotonic }: ClockReading) {
    this.latest = epochMs(wall)
    this.monotonic = monotonic
  }

  /** Takes in a stamp of the log or of another leader; elapsed time counts on top of it from this reading on. */
  witness(stamp: Timestamp, reading: ClockReading): void {
    this.now(reading)
    this.latest = Math.max(this.latest, stamp)
  }

  now({ wall, monotonic }: ClockReading): Timestamp {
    const goneBy = Math.max(0, elapsed(this.monotonic, monotonic))
    this.monotonic = monotonic
    this.latest = Math.min(LATEST_TIMESTAMP, Math.max(epochMs(wall), this.latest + goneBy))
    return Math.round(this.latest)
  }
}
