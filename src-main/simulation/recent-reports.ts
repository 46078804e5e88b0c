import type { Timestamp } from '@core/ids'
import type { NodeClock } from './node-clock'

/** How long a report may take to reach the state; it is not repeated before. */
const IN_FLIGHT_MS = 900

/** Suppresses repeats of a report while it is on its way to the state. */
export class RecentReports {
  private readonly times = new Map<string, Timestamp>()

  constructor(private readonly clock: NodeClock) {}

  /** Forgets all reports, after a change of master or state. */
  clear(): void {
    this.times.clear()
  }

  /** Calls `send` unless the report `key` was sent within the last 900 ms. */
  sendOnce(key: string, send: () => void): void {
    const now = this.clock.now()
    // Entries are in the order of their times.
    for (const [earlier, at] of this.times) {
      if (now - at < IN_FLIGHT_MS) break
      this.times.delete(earlier)
    }
    if (this.times.has(key)) return
    this.times.set(key, now)
    send()
  }

  /** Lets the report `key` be sent again: what it reports has happened again. */
  forget(key: string): void {
    this.times.delete(key)
  }
}
