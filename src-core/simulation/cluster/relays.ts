import { Relays } from '../../consensus/relays'
import type { NodeId, Timestamp } from '../../ids'

/** The ways of all simulated nodes through others. */
export class SimulatedRelays {
  private readonly nodes = new Map<NodeId, Relays>()

  constructor(private readonly parts: { isUp: (a: NodeId, b: NodeId) => boolean; now: () => Timestamp }) {}

  via(self: NodeId, peer: NodeId): NodeId | undefined {
    return this.of(self).via(peer)
  }

  heardAt(self: NodeId, peer: NodeId): Timestamp | undefined {
    return this.of(self).heardAt(peer)
  }

  hear(self: NodeId, peer: NodeId, via: NodeId): boolean {
    return this.of(self).hear(peer, via, this.parts.now())
  }

  isHeard(self: NodeId, peer: NodeId): boolean {
    return this.of(self).isHeard(peer, this.parts.now())
  }

  /** The link between these two ended: who reaches whom no more. */
  endedBy(a: NodeId, b: NodeId): (readonly [NodeId, NodeId])[] {
    return [
      ...this.of(a)
        .lost(b)
        .map((peer) => [a, peer] as const),
      ...this.of(b)
        .lost(a)
        .map((peer) => [b, peer] as const),
    ]
  }

  /** These two are linked. */
  end(a: NodeId, b: NodeId): void {
    this.of(a).end(b)
    this.of(b).end(a)
  }

  private of(self: NodeId): Relays {
    const known = this.nodes.get(self)
    if (known) return known
    const relays = new Relays((peer) => this.parts.isUp(self, peer))
    this.nodes.set(self, relays)
    return relays
  }
}
