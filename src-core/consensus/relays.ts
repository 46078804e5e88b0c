import type { NodeId } from '../ids'
import { elapsed, type Monotonic } from '../time/clocks'

/**
 * The linked member through which another one is reached, and when that one was last heard.
 */
export interface Relay {
  readonly via: NodeId
  readonly heardAt: Monotonic
}

/** A relay that delivered nothing for this long is dropped. */
const LOST_MS = 3000

/**
 * Routes to members without a direct link, through linked members. A node learns of a route when a linked member names
 * a leader that is not linked here; the node reached so learns the return route.
 * | 1. A direct link takes precedence and ends the route.
 * 2. A route ends with the link to its relay, or when nothing was heard over it for `LOST_MS`.
 */
export class Relays {
  private readonly relays = new Map<NodeId, Relay>()

  constructor(private readonly isLinked: (peer: NodeId) => boolean) {}

  /** The relay towards a member; undefined if there is none. */
  via(peer: NodeId): NodeId | undefined {
    const relay = this.relays.get(peer)
    return relay && this.isLinked(relay.via) ? relay.via : undefined
  }

  /** When a member was last heard through a relay; undefined if it has none. */
  heardAt(peer: NodeId): Monotonic | undefined {
    return this.via(peer) === undefined ? undefined : this.relays.get(peer)?.heardAt
  }

  /** All members with a relay. */
  peers(): readonly NodeId[] {
    return [...this.relays.keys()].filter((peer) => this.via(peer) !== undefined)
  }

  /** Notes that `via` delivered or named a member. Returns whether the member was unreachable before. */
  hear(peer: NodeId, via: NodeId, now: Monotonic): boolean {
    const known = this.via(peer)
    // Keep the present relay as long as it delivers.
    if (known !== undefined && known !== via && this.isHeard(peer, now)) return false
    this.relays.set(peer, { via, heardAt: now })
    return known === undefined
  }

  /** Whether a member was heard through its relay recently; drops a silent relay. */
  isHeard(peer: NodeId, now: Monotonic): boolean {
    const heardAt = this.heardAt(peer)
    if (heardAt !== undefined && elapsed(heardAt, now) < LOST_MS) return true
    this.relays.delete(peer)
    return false
  }

  /** The link to a relay ended. Returns the members that were reached through it. */
  lost(via: NodeId): readonly NodeId[] {
    const ended = [...this.relays].flatMap(([peer, relay]) => (relay.via === via ? [peer] : []))
    for (const peer of ended) this.relays.delete(peer)
    return ended
  }

  /** A direct link to the member exists now. */
  end(peer: NodeId): void {
    this.relays.delete(peer)
  }
}
