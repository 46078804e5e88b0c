import type { NodeId, Timestamp } from '../ids'
import type { State } from '../state/state'

/**
 * Records when the leader heard each node during its term. Anything heard before is ignored: the deadlines begin with
 * the term.
 */
export class HeardNodes {
  private readonly firstTimes = new Map<string, Timestamp>()

  constructor(
    private readonly self: NodeId,
    private readonly since: Timestamp,
  ) {}

  /**
   * Returns when each node was last heard in this term, from the times of the links; the leader itself counts as heard
   * now. A node without a report in the state is left out: it is still expected (`isExpected`), so its instances are
   * kept.
   */
  take({ nodes }: State, links: Readonly<Record<string, Timestamp>>, now: Timestamp): Record<string, Timestamp> {
    const lately = [...Object.entries(links), [this.self, now] as const].filter(
      ([peer, at]) => peer in nodes && at >= this.since,
    )
    for (const [peer, at] of lately) if (!this.firstTimes.has(peer)) this.firstTimes.set(peer, at)
    return Object.fromEntries(lately)
  }

  /** When each node was first heard in this term. */
  first(): Record<string, Timestamp> {
    return Object.fromEntries(this.firstTimes)
  }
}
