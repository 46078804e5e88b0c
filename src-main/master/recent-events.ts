import type { Envelope } from '@core/events/event'

/** A client that missed at most this many events resumes without a new snapshot. */
const KEPT = 10_000

/** The latest events in memory, for clients of the event stream that reconnect. */
export class RecentEvents {
  private events: Envelope[] = []

  add(envelope: Envelope): void {
    this.events.push(envelope)
    // Trimmed rarely, because removing from the front of an array moves all other elements.
    if (this.events.length > 2 * KEPT) this.events = this.events.slice(-KEPT)
  }

  clear(): void {
    this.events = []
  }

  /** At most `limit` of the latest events, oldest first. */
  latest(limit: number): readonly Envelope[] {
    return limit === 0 ? [] : this.events.slice(-limit)
  }

  /** The events after an index of a term; undefined if they are no longer all in memory, or are of several terms. */
  after(index: number, term: number): readonly Envelope[] | undefined {
    const [first] = this.events
    const last = this.events.at(-1)
    if (!first || !last || last.term !== term || first.term !== term) return undefined
    if (index < first.index - 1 || index > last.index) return undefined
    return this.events.slice(index - first.index + 1)
  }
}
