import type { Timestamp } from '../ids'
import { elapsed, type Monotonic } from '../time/clocks'
import type { Replica } from './replica'

/** Splits count as merged after this time. */
const SETTLED_MS = 60_000

/** Determines up to when every member knows of all removals. Older tombstones are no longer needed. */
export class KnownRemovals {
  private mark: { readonly sequence: number; readonly at: Timestamp; readonly since: Monotonic } | undefined
  private known: Timestamp | undefined

  /** Called by the leader at a removal. `at` is the stamp of the last event. */
  update({ peers, self, log }: Replica, at: Timestamp, now: Monotonic): Timestamp | undefined {
    const { mark } = this
    const next = { sequence: log.sequence, at, since: now }
    if (!mark) this.mark = next
    else if (elapsed(mark.since, now) >= SETTLED_MS) {
      const all = [...peers.values()]
      if (all.every(({ connected, master, stored = 0 }) => connected && master === self && stored >= mark.sequence)) {
        this.known = mark.at
        this.mark = next
      }
    }
    return this.known
  }
}
