import type { NodeId, Timestamp } from '../ids'
import type { State } from '../state/state'

/** Whom a master heard in its term. What was said before it is old news: the deadlines began with the term. */
export class HeardNodes {
  private readonly firstTimes = new Map<string, Timestamp>()

  constructor(
    private readonly self: NodeId,
    private readonly since: Timestamp,
  ) {}

  /**
   * When each node was last heard in this term, from when its link last was. The master hears itself, but until a node
   * has said what it is it is only expected: what stands on it is left alone.
   */
  take({ nodes }: State, links: Readonly<Record<string, Timestamp>>, now: Timestamp): Record<string, Timestamp> {
    const lately = [...Object.entries(links), [this.self, now] as const].filter(
      ([peer, at]) => peer in nodes && at >= this.since,
    )
    for (const [peer, at] of lately) if (!this.firstTimes.has(peer)) this.firstTimes.set(peer, at)
    return Object.fromEntries(lately)
  }

  /** When each was first heard in this term. */
  first(): Record<string, Timestamp> {
    return Object.fromEntries(this.firstTimes)
  }
}
