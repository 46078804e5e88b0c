import type { Timestamp } from '../ids'

/** What a machine's clocks say, both in milliseconds. */
export interface ClockReading {
  /** Since 1970, as the system has it: may be set, back and forth, at any moment. */
  readonly wall: Timestamp
  /** Since some moment: never runs back, and may stand still while the machine sleeps. */
  readonly monotonic: number
}

/**
 * The time that decisions are made by, and stamped with.
 *
 * 1. It never runs back, and never slower than time goes by: deadlines come when they are due, however the system's
 *    clock is set.
 * 2. It is never before a stamp that it has seen, its own or another leader's, so what an earlier leader set a deadline
 *    by counts the same for the next.
 * 3. It follows the system's clock where that is ahead: after a sleep, or where it was set forward. Whoever keeps
 *    deadlines sees that as a jump, and begins them anew.
 *
 * It is a hybrid clock in the sense of Kulkarni et al., "Logical Physical Clocks" (2014), with the elapsed time in the
 * place of the counter.
 */
export class LeaderClock {
  private latest: Timestamp
  private monotonic: number

  constructor({ wall, monotonic }: ClockReading) {
    this.latest = wall
    this.monotonic = monotonic
  }

  /** A stamp of the log or of another leader, known by then: only what goes by from now on is counted on top of it. */
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
