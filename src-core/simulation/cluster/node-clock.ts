import type { Timestamp } from '../../ids'
import type { VirtualClock } from '../clock'

/** A node's own timers: they end with its process, and stand still while its machine sleeps. */
export class NodeClock {
  private life = 0
  private asleep = false
  private readonly frozen: (() => void)[] = []

  constructor(private readonly clock: VirtualClock) {}

  now(): Timestamp {
    return this.clock.now()
  }

  wall(): Timestamp {
    return this.clock.wall()
  }

  after(delay: Timestamp, work: () => void): void {
    const { life } = this
    const ring = (): void => {
      if (this.life !== life) return
      if (this.asleep) this.frozen.push(ring)
      else work()
    }
    this.clock.after(delay, ring)
  }

  at(time: Timestamp, work: () => void): void {
    this.after(Math.max(0, time - this.now()), work)
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
