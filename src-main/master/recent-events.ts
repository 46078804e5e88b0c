import type { Envelope } from '@core/events/event'

/** How many events a client may have missed and still go on without a snapshot. */
const KEPT = 10_000

/** The last events, for clients that come back. */
export class RecentEvents {
  private events: Envelope[] = []

  add(envelope: Envelope): void {
    this.events.push(envelope)
    // In large steps: dropping one from the front of an array moves all others.
    if (this.events.length > 2 * KEPT) this.events = this.events.slice(-KEPT)
  }

  clear(): void {
    this.events = []
  }

  /** The last ones that are known, oldest first. */
  latest(most: number): readonly Envelope[] {
    return most === 0 ? [] : this.events.slice(-most)
  }

  /** What followed that index of that term, or undefined where it is no longer known. */
  after(index: number, term: number): readonly Envelope[] | undefined {
    const [first] = this.events
    const last = this.events.at(-1)
    if (!first || !last || last.term !== term || first.term !== term) return undefined
    if (index < first.index - 1 || index > last.index) return undefined
    return this.events.slice(index - first.index + 1)
  }
}
