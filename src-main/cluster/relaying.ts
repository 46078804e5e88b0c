import { z } from 'zod'
import { type Message, Relays } from '@core/consensus/index'
import { NodeId } from '@core/ids'
import { MERGING_SINCE_PROTOCOL, type RelayedFrame, type RelayFrame } from '@core/protocols/peer'
import { type Monotonic, NEVER } from '@core/time/clocks'
import type { ConsensusNode } from './consensus-node'
import type { LinksOptions } from './links/links'
import { StreamError } from './links/stream-error'
import { RELAY_STREAM, type MemberLinks } from './member-links'

/** Stream kinds that may be relayed: commands, the state, and requests for models that run on the other member. */
const RelayedKind = z.enum(['submit', 'watch', 'generate'])
const RelayParams = z.object({ to: NodeId, kind: RelayedKind, params: z.unknown() })

export interface RelayingParts {
  readonly self: NodeId
  readonly links: () => Pick<MemberLinks, 'get' | 'all'> | undefined
  readonly isMember: (nodeId: NodeId) => boolean
  readonly deciding: Pick<ConsensusNode, 'connected' | 'disconnected'>
  /** Milliseconds since an arbitrary origin; never decreases. */
  readonly monotonic: () => Monotonic
  /** A frame from a member, direct or relayed. */
  readonly onFrame: (from: NodeId, frame: RelayedFrame) => void
}

/**
 * Relays traffic between two members without a link through a third that both are linked to: consensus messages,
 * records, commands, observations, the state, and client requests. The relay is a member and is trusted about the
 * sender. A relayed stream keeps its flow control: the reader holds back the relay, and the relay the source.
 */
export class Relaying {
  private readonly relays: Relays

  constructor(private readonly parts: RelayingParts) {
    this.relays = new Relays((peer) => this.takesRelays(peer))
  }

  /** Sends a frame through a relay. Returns false if none is known. */
  send(to: NodeId, frame: RelayedFrame): boolean {
    const via = this.relays.via(to)
    const link = via === undefined ? undefined : this.parts.links()?.get(via)
    return link?.send({ type: 'relay', from: this.parts.self, to, frame }) ?? false
  }

  /** The relay for that member; undefined if it is linked or no relay is known. */
  via(peer: NodeId): NodeId | undefined {
    return this.relays.via(peer)
  }

  /** Linked members to try as relays for a stream of that member, the known relay first. */
  relaysFor(peer: NodeId, kind: string): readonly NodeId[] {
    if (!RelayedKind.safeParse(kind).success) return []
    const known = this.relays.via(peer)
    const linked = (this.parts.links()?.all() ?? []).map((link) => link.peer)
    const others = linked.filter((one) => one !== known && one !== peer && this.takesRelays(one))
    return [...(known === undefined ? [] : [known]), ...others]
  }

  /** When each relayed member was last heard from. */
  heardAt(): readonly (readonly [NodeId, Monotonic])[] {
    return this.relays.peers().map((peer) => [peer, this.relays.heardAt(peer) ?? NEVER])
  }

  /** Handles a frame that a linked member relays, to this node or onwards. */
  take(sender: NodeId, { from, to, frame }: RelayFrame): void {
    const { self, links, isMember, onFrame } = this.parts
    if (!isMember(from) && from !== self) return
    if (to !== self) {
      // Relay only what the sender itself wrote, over one hop: nothing can circulate.
      if (from === sender && isMember(to) && this.takesRelays(to))
        links()?.get(to)?.send({ type: 'relay', from, to, frame })
      return
    }
    if (from === self || from === sender) return
    this.heard(from, sender)
    onFrame(from, frame)
  }

  /** A linked member names a leader that has no link here: use that member as the relay to it. */
  learn(sender: NodeId, message: Message): void {
    if (message.type !== 'answer' || message.master === undefined || message.master === this.parts.self) return
    if (this.takesRelays(sender) && this.parts.isMember(message.master)) this.heard(message.master, sender)
  }

  linked(peer: NodeId): void {
    this.relays.end(peer)
  }

  /** A link has ended. */
  lost(via: NodeId): void {
    for (const peer of this.relays.lost(via)) this.parts.deciding.disconnected(peer)
  }

  /** Whether a member that answers at no address is heard through a relay. */
  isHeard(peer: NodeId): boolean {
    return this.relays.isHeard(peer, this.parts.monotonic())
  }

  /** Serves relayed streams to members. */
  readonly handlers: LinksOptions['handlers'] = new Map([
    [
      RELAY_STREAM,
      (raw: unknown, signal: AbortSignal) => {
        const { to, kind, params } = RelayParams.parse(raw)
        const link = this.parts.links()?.get(to)
        if (!link) throw new StreamError('not_connected', 'That machine is not connected to the relay either')
        return link.open(kind, params, signal)
      },
    ],
  ])

  private heard(peer: NodeId, via: NodeId): void {
    const { links, deciding, monotonic } = this.parts
    if (links()?.get(peer)) return
    if (this.relays.hear(peer, via, monotonic())) deciding.connected(peer, { knowsTails: true })
  }

  private takesRelays(peer: NodeId): boolean {
    return (this.parts.links()?.get(peer)?.protocol ?? 0) >= MERGING_SINCE_PROTOCOL
  }
}
