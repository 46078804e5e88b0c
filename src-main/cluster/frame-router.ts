import type { NodeId } from '@core/ids'
import { MERGING_SINCE_PROTOCOL, type RelayedFrame, type RelayFrame } from '@core/protocols/peer'
import type { ConsensusNode } from './consensus-node'
import { SnapshotAssembly } from './links/snapshot-parts'
import type { MemberLink } from './member-links'
import { Relaying, type RelayingParts } from './relaying'

type Consensus = Pick<ConsensusNode, 'connected' | 'disconnected' | 'refused' | 'received' | 'observedBy'>

export interface FrameRouterParts extends Omit<RelayingParts, 'onFrame'> {
  readonly deciding: Consensus
}

/** Dispatches frames from links to this node's consensus, and relays those addressed to other members. */
export class FrameRouter {
  readonly relaying: Relaying
  private readonly assemblies = new Map<NodeId, SnapshotAssembly>()

  constructor(private readonly parts: FrameRouterParts) {
    this.relaying = new Relaying({ ...parts, onFrame: (from, frame) => this.deliver(from, frame) })
  }

  up({ peer, protocol }: Pick<MemberLink, 'peer' | 'protocol'>): void {
    this.relaying.linked(peer)
    this.parts.deciding.connected(peer, { knowsTails: protocol >= MERGING_SINCE_PROTOCOL })
  }

  down(peer: NodeId): void {
    this.assemblies.delete(peer)
    this.parts.deciding.disconnected(peer)
    this.relaying.lost(peer)
  }

  /** The peer answers at no address. */
  refused(peer: NodeId): void {
    if (!this.relaying.isHeard(peer)) this.parts.deciding.refused(peer)
  }

  /** Handles a frame that arrived over the link to `peer`. */
  take(peer: NodeId, frame: RelayedFrame | RelayFrame): void {
    if (frame.type === 'relay') return this.relaying.take(peer, frame)
    if (frame.type === 'consensus') this.relaying.learn(peer, frame.message)
    this.deliver(peer, frame)
  }

  private deliver(from: NodeId, frame: RelayedFrame): void {
    const { deciding } = this.parts
    switch (frame.type) {
      case 'consensus':
        return deciding.received(from, frame.message, frame.records && { records: frame.records })
      case 'observe':
        return deciding.observedBy(from, frame.events)
      case 'snapshot': {
        const assembly = this.assemblies.get(from) ?? new SnapshotAssembly()
        this.assemblies.set(from, assembly)
        const snapshot = assembly.take(frame)
        if (snapshot) deciding.received(from, frame.message, { snapshot })
      }
    }
  }
}
