import type { NodeId } from '../ids'

/** Through whom a member is reached that is not linked, and when it was last heard so. Milliseconds, monotonic. */
export interface Relay {
  readonly via: NodeId
  readonly heardAt: number
}

/** A relay over which nothing came for so long leads nowhere. */
const LOST_MS = 3000

/**
 * How a node reaches members that it has no link with, through members that it has one with. A node learns of a way
 * when a linked member names a master that is not linked here, and whoever is reached so learns of the way back.
 *
 * 1. A link of its own is always better: with it the way ends.
 * 2. A way ends with the link to whoever it leads through, and when nothing has come over it for three seconds.
 */
export class Relays {
  private readonly relays = new Map<NodeId, Relay>()

  constructor(private readonly isLinked: (peer: NodeId) => boolean) {}

  /** Through whom; undefined where there is no way, or none is needed. */
  via(peer: NodeId): NodeId | undefined {
    const relay = this.relays.get(peer)
    return relay && this.isLinked(relay.via) ? relay.via : undefined
  }

  /** When it was last heard through another; undefined where it is not. */
  heardAt(peer: NodeId): number | undefined {
    return this.via(peer) === undefined ? undefined : this.relays.get(peer)?.heardAt
  }

  /** All that are reached through others. */
  peers(): readonly NodeId[] {
    return [...this.relays.keys()].filter((peer) => this.via(peer) !== undefined)
  }

  /** It was heard, or is named, by one that is linked. Whether that is news. */
  hear(peer: NodeId, via: NodeId, now: number): boolean {
    const known = this.via(peer)
    // One way is enough while something comes over it.
    if (known !== undefined && known !== via && this.isHeard(peer, now)) return false
    this.relays.set(peer, { via, heardAt: now })
    return known === undefined
  }

  /** Whether something has come over the way to it lately. One that is silent is forgotten. */
  isHeard(peer: NodeId, now: number): boolean {
    const heardAt = this.heardAt(peer)
    if (heardAt !== undefined && now - heardAt < LOST_MS) return true
    this.relays.delete(peer)
    return false
  }

  /** The link to that member ended. Those that were reached through it are reached no more. */
  lost(via: NodeId): readonly NodeId[] {
    const ended = [...this.relays].flatMap(([peer, relay]) => (relay.via === via ? [peer] : []))
    for (const peer of ended) this.relays.delete(peer)
    return ended
  }

  /** It is linked now. */
  end(peer: NodeId): void {
    this.relays.delete(peer)
  }
}
