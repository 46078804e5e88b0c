import type { Timestamp } from '@core/ids'
import type { VirtualClock } from '@core/time/virtual-clock'
import type { Cancel, Timers } from '@core/time/timers'

/** A node's own clock and timers: timers end with its process, and stand still while its machine sleeps. */
export class NodeClock implements Timers {
  private life = 0
  private asleep = false
  private readonly frozen: (() => void)[] = []
  /** How far the system's clock is ahead of the time that goes by; behind where negative. */
  private ahead = 0

  constructor(private readonly clock: VirtualClock) {}

  now(): Timestamp {
    return this.clock.now()
  }

  monotonic(): number {
    return this.clock.now()
  }

  /** What the system's clock says, which people and time servers set. */
  wall(): Timestamp {
    return Math.max(0, this.clock.wall() + this.ahead)
  }

  set({ byMs }: { readonly byMs: number }): void {
    this.ahead += byMs
  }

  after(delay: number, work: () => void): Cancel {
    const { life } = this
    let cancelled = false
    const ring = (): void => {
      if (cancelled || this.life !== life) return
      if (this.asleep) this.frozen.push(ring)
      else work()
    }
    // Timers of a system take whole milliseconds, and never ring before their time.
    this.clock.after(Math.ceil(Math.max(0, delay)), ring)
    return () => (cancelled = true)
  }

  every(interval: number, work: () => void): Cancel {
    let cancel: Cancel = () => undefined
    const ring = (): void => {
      cancel = this.after(interval, ring)
      work()
    }
    cancel = this.after(interval, ring)
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

  /** What came due in the meantime is done now. */
  thaw(): void {
    this.asleep = false
    for (const ring of this.frozen.splice(0)) ring()
  }
}
