import type { Timestamp } from '@core/ids'
import { epochMs, monotonic, type Monotonic, type WallTime, wallTime } from '@core/time/clocks'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { Cancel, Timers } from '@core/time/timers'

/** A node's clock and timers. Timers end with its process and pause while its machine sleeps. */
export class NodeClock implements Timers {
  private life = 0
  private asleep = false
  private readonly frozen: (() => void)[] = []
  /** Offset of the system clock from virtual time, in ms. */
  private ahead = 0

  constructor(private readonly clock: VirtualClock) {}

  now(): Timestamp {
    return this.clock.now()
  }

  monotonic(): Monotonic {
    return monotonic(this.clock.now())
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
    let cancelled = false
    const fire = (): void => {
      if (cancelled || this.life !== life) return
      if (this.asleep) this.frozen.push(fire)
      else work()
    }
    // System timers have a resolution of 1 ms and never fire early.
    this.clock.after(Math.ceil(Math.max(0, delay)), fire)
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
    this.asleep = false
    this.frozen.length = 0
  }

  freeze(): void {
    this.asleep = true
  }

  /** Runs the timers that became due during the sleep. */
  thaw(): void {
    this.asleep = false
    for (const fire of this.frozen.splice(0)) fire()
  }
}
