import { elapsed, epochMs, later, type Monotonic, type WallTime, wallTime } from './clocks'
import type { ClockReading } from './leader-clock'

/**
 * A clock that differs from the others by more is wrong: time servers keep clocks within a second. It shows confusing
 * times and can invalidate certificates.
 */
export const CLOCK_OFF_MS = 30_000
/** How far a leader's time may run ahead of the clocks of a majority. More than a slow link can delay a message. */
export const MAX_AHEAD_MS = 60_000
/** How long what a machine said of its clock is believed. */
const FRESH_MS = 5000

interface Told {
  readonly clock: WallTime
  readonly heardAt: Monotonic
}

/** A machine whose clock is wrong; `aheadMs` is negative if it is behind. */
export interface WrongClock<Machine> {
  readonly machine: Machine
  readonly aheadMs: number
}

/**
 * The system clocks of the other members, as their messages tell them.
 *
 * 1. The majority's clock is the median of those heard lately and the own one; of an even number the later one, so that
 * half of the machines being behind bounds nobody.
 * 2. With fewer than two others there is no majority: of two clocks that differ nobody knows which one is right.
 */
export class PeerClocks<Machine> {
  private readonly told = new Map<Machine, Told>()

  hear(machine: Machine, clock: WallTime, now: Monotonic): void {
    this.told.set(machine, { clock, heardAt: now })
  }

  /** Elapsed time did not count, as during a sleep: what was heard before is out of date. */
  forget(): void {
    this.told.clear()
  }

  /** What a leader may take from its system clock: that, or less if it is far ahead of a majority's. */
  bounded(reading: ClockReading): WallTime {
    const { wall } = reading
    // Asked for every event, and nearly always right.
    if (!this.isAheadOfOne(reading)) return wall
    const others = this.now(reading)
    if (others.size < 2) return wall
    const limit = later(this.median(reading, others), MAX_AHEAD_MS)
    return limit < wall ? limit : wall
  }

  /** The machines whose clocks are wrong, `self` among them. Of two machines that differ it is the other one. */
  wrong(self: Machine, reading: ClockReading): readonly WrongClock<Machine>[] {
    const others = this.now(reading)
    const right = others.size < 2 ? reading.wall : this.median(reading, others)
    return [...others, [self, reading.wall] as const]
      .map(([machine, clock]) => ({ machine, aheadMs: elapsed(right, clock) }))
      .filter(({ aheadMs }) => Math.abs(aheadMs) > CLOCK_OFF_MS)
  }

  private isAheadOfOne({ wall, monotonic }: ClockReading): boolean {
    for (const { clock, heardAt } of this.told.values())
      if (elapsed(clock, wall) - elapsed(heardAt, monotonic) > MAX_AHEAD_MS) return true
    return false
  }

  /** What the clocks heard lately show now. */
  private now({ monotonic }: ClockReading): ReadonlyMap<Machine, WallTime> {
    const fresh = [...this.told].flatMap(([machine, { clock, heardAt }]) => {
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
