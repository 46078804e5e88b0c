import { elapsed, epochMs, later, type Monotonic, type WallTime, wallTime } from './clocks'
import type { ClockReading } from './leader-clock'

/**
 * A clock that differs from the others by more than this is wrong: time servers keep clocks within a second. Wrong clocks
 * show confusing times and can invalidate certificates.
 */
export const CLOCK_OFF_MS = 30_000
/** Maximum by which a leader's time may be ahead of the majority's clock: more than a slow link can delay a message. */
export const MAX_AHEAD_MS = 60_000
/** Reports older than this are ignored. */
const FRESH_MS = 5000

interface Report {
  readonly clock: WallTime
  /** When the report arrived. */
  readonly heardAt: Monotonic
}

/** A machine whose clock is wrong; `aheadMs` is negative if it is behind. */
export interface WrongClock<Machine> {
  readonly machine: Machine
  readonly aheadMs: number
}

/**
 * The system clocks of the other members, as they report them.
 *
 * 1. The majority's clock is the median of the recent reports and this machine's own clock; the later middle one of an
 *    even number, so that half of the machines being behind does not limit the leader.
 * 2. With fewer than two other machines there is no majority: of two clocks that differ, either may be wrong.
 */
export class PeerClocks<Machine> {
  private readonly reports = new Map<Machine, Report>()

  /** Records a report. `now`: its arrival. */
  record(machine: Machine, clock: WallTime, now: Monotonic): void {
    this.reports.set(machine, { clock, heardAt: now })
  }

  /** Drops all reports. Call it after a sleep, which the monotonic clock may not count. */
  forget(): void {
    this.reports.clear()
  }

  /** The leader's system time, limited to `MAX_AHEAD_MS` beyond the majority's clock. Unlimited without a majority. */
  bounded(reading: ClockReading): WallTime {
    const { wall } = reading
    // Fast path, because this is called for every event.
    if (!this.isAheadOfOne(reading)) return wall
    const others = this.current(reading)
    if (others.size < 2) return wall
    const limit = later(this.median(reading, others), MAX_AHEAD_MS)
    return limit < wall ? limit : wall
  }

  /** The machines whose clocks are wrong, possibly `self`. If only two machines differ, the other one counts as wrong. */
  wrong(self: Machine, reading: ClockReading): readonly WrongClock<Machine>[] {
    const others = this.current(reading)
    const right = others.size < 2 ? reading.wall : this.median(reading, others)
    return [...others, [self, reading.wall] as const]
      .map(([machine, clock]) => ({ machine, aheadMs: elapsed(right, clock) }))
      .filter(({ aheadMs }) => Math.abs(aheadMs) > CLOCK_OFF_MS)
  }

  /** Whether the own clock is too far ahead of any reported one. */
  private isAheadOfOne({ wall, monotonic }: ClockReading): boolean {
    for (const { clock, heardAt } of this.reports.values())
      if (elapsed(clock, wall) - elapsed(heardAt, monotonic) > MAX_AHEAD_MS) return true
    return false
  }

  /** The current time of each machine with a recent report. */
  private current({ monotonic }: ClockReading): ReadonlyMap<Machine, WallTime> {
    const fresh = [...this.reports].flatMap(([machine, { clock, heardAt }]) => {
      const age = elapsed(heardAt, monotonic)
      return age > FRESH_MS ? [] : [[machine, later(clock, age)] as const]
    })
    return new Map(fresh)
  }

  private median({ wall }: ClockReading, others: ReadonlyMap<Machine, WallTime>): WallTime {
    const sorted = [...others.values(), wall].map(epochMs).sort((a, b) => a - b)
    return wallTime(sorted[Math.floor(sorted.length / 2)] ?? epochMs(wall))
  }
}
