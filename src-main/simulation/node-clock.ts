import type { Timestamp } from '@core/ids'
import { elapsed, epochMs, later, monotonic, type Monotonic, type WallTime, wallTime } from '@core/time/clocks'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { Cancel, Timers } from '@core/time/timers'

/** A node's clock and timers. Timers end with its process and pause while its machine sleeps. */
export class NodeClock implements Timers {
  private life = 0
  private asleep = false
  /** For how long the monotonic clock has stood still in earlier sleeps, and since when it does in this one. */
  private stoodStill = 0
  private standsSince: Timestamp | undefined
  private readonly frozen: (() => void)[] = []
  /** Offset of the system clock from virtual time, in ms. */
  private ahead = 0

  constructor(private readonly clock: VirtualClock) {}

  now(): Timestamp {
    return this.clock.now()
  }

  monotonic(): Monotonic {
    return monotonic((this.standsSince ?? this.clock.now()) - this.stoodStill)
  }

  /** The system clock, which users and time servers may set. */
  wall(): WallTime {
    return wallTime(Math.max(0, epochMs(this.clock.wall()) + this.ahead))
  }

  set({ byMs }: { readonly byMs: number }): void {
    this.ahead += byMs
  }

  after(delay: number, work: () => void): Cancel {
    const { life } = this
    // System timers have a resolution of 1 ms and never fire early, by the monotonic clock.
    const due = later(this.monotonic(), Math.ceil(Math.max(0, delay)))
    let cancelled = false
    const fire = (): void => {
      if (cancelled || this.life !== life) return
      const left = elapsed(this.monotonic(), due)
      if (this.asleep) this.frozen.push(fire)
      else if (left > 0) this.clock.after(left, fire)
      else work()
    }
    this.clock.after(elapsed(this.monotonic(), due), fire)
    return () => (cancelled = true)
  }

  every(interval: number, work: () => void): Cancel {
    let cancel: Cancel = () => undefined
    const fire = (): void => {
      cancel = this.after(interval, fire)
      work()
    }
    cancel = this.after(interval, fire)
    return () => cancel()
  }

  soon(work: () => void): Cancel {
    return this.after(0, work)
  }

  end(): void {
    this.life += 1
    this.wakeClock()
    this.asleep = false
    this.frozen.length = 0
  }

  /** `stands`: the monotonic clock stands still until `thaw`. */
  freeze({ stands }: { readonly stands: boolean }): void {
    this.asleep = true
    if (stands) this.standsSince = this.clock.now()
  }

  /** Runs the timers that became due during the sleep. */
  thaw(): void {
    this.wakeClock()
    this.asleep = false
    for (const fire of this.frozen.splice(0)) fire()
  }

  private wakeClock(): void {
    if (this.standsSince !== undefined) this.stoodStill += this.clock.now() - this.standsSince
    this.standsSince = undefined
  }
}
