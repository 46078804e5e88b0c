import type { Timestamp } from '@core/ids'
import type { NodeClock } from './node-clock'

/** What was said is on its way to the state: it is not said again before this. */
const ON_ITS_WAY_MS = 900

/** Keeps a node from saying the same again and again while its word is on the way. */
export class Said {
  private readonly times = new Map<string, Timestamp>()

  constructor(private readonly clock: NodeClock) {}

  /** Another master, another state: whatever was said counts no more. */
  clear(): void {
    this.times.clear()
  }

  unless(what: string, say: () => void): void {
    const now = this.clock.now()
    // They stand in the order of their times.
    for (const [earlier, at] of this.times) {
      if (now - at < ON_ITS_WAY_MS) break
      this.times.delete(earlier)
    }
    if (this.times.has(what)) return
    this.times.set(what, now)
    say()
  }

  /** It happened again. */
  forget(what: string): void {
    this.times.delete(what)
  }
}
