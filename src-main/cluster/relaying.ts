import { z } from 'zod'
import { type Message, Relays } from '@core/consensus/index'
import { NodeId } from '@core/ids'
import { MERGING_SINCE_PROTOCOL, type RelayedFrame, type RelayFrame } from '@core/protocols/peer'
import type { Deciding } from './deciding'
import type { LinksOptions } from './links/links'
import { StreamError } from './links/stream-error'
import { RELAY_STREAM, type MemberLinks } from './member-links'

/** Streams that members open for others: what deciding needs, and requests for what runs there. */
const RelayedKind = z.enum(['submit', 'watch', 'generate'])
const RelayParams = z.object({ to: NodeId, kind: RelayedKind, params: z.unknown() })

export interface RelayingParts {
  readonly self: NodeId
  readonly links: () => Pick<MemberLinks, 'get' | 'all'> | undefined
  readonly isMember: (nodeId: NodeId) => boolean
  readonly deciding: Pick<Deciding, 'connected' | 'disconnected'>
  /** Milliseconds since some moment: never runs back. */
  readonly monotonic: () => number
  /** A frame of a member, over whichever way. */
  readonly onFrame: (from: NodeId, frame: RelayedFrame) => void
}

/**
 * What members say to one another through a third, where two of them have no link: the consensus, records, commands,
 * observations, the state, and the requests of clients. Whoever passes something on is a member and is believed about
 * whom it has it from. A stream takes one step: its reader holds back whoever passes it on, and that one the machine
 * where it comes from.
 */
export class Relaying {
  private readonly relays: Relays

  constructor(private readonly parts: RelayingParts) {
    this.relays = new Relays((peer) => this.takesRelays(peer))
  }

  /** Sends a frame through another. False where no way is known. */
  send(to: NodeId, frame: RelayedFrame): boolean {
    const via = this.relays.via(to)
    const link = via === undefined ? undefined : this.parts.links()?.get(via)
    return link?.send({ type: 'relay', from: this.parts.self, to, frame }) ?? false
  }

  /** Through whom that member is reached; undefined where it is linked or no way is known. */
  via(peer: NodeId): NodeId | undefined {
    return this.relays.via(peer)
  }

  /** Linked members through whom a stream of that member can be asked for: the way that is known first. */
  ways(peer: NodeId, kind: string): readonly NodeId[] {
    if (!RelayedKind.safeParse(kind).success) return []
    const known = this.relays.via(peer)
    const linked = (this.parts.links()?.all() ?? []).map((link) => link.peer)
    const others = linked.filter((one) => one !== known && one !== peer && this.takesRelays(one))
    return [...(known === undefined ? [] : [known]), ...others]
  }

  /** When members that are reached through others were last heard. Milliseconds, monotonic. */
  heardAt(): readonly (readonly [NodeId, number])[] {
    return this.relays.peers().map((peer) => [peer, this.relays.heardAt(peer) ?? 0])
  }

  /** A linked member passes something on, to this node or to another. */
  take(sender: NodeId, { from, to, frame }: RelayFrame): void {
    const { self, links, isMember, onFrame } = this.parts
    if (!isMember(from) && from !== self) return
    if (to !== self) {
      // Only what the sender says itself is passed on, and over one link: no word goes in circles.
      if (from === sender && isMember(to) && this.takesRelays(to))
        links()?.get(to)?.send({ type: 'relay', from, to, frame })
      return
    }
    if (from === self || from === sender) return
    this.heard(from, sender)
    onFrame(from, frame)
  }

  /** A linked member names a master that is not linked here: it is reached through whoever names it. */
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

  /** Whether a member that answers at no address is heard through another. */
  isHeard(peer: NodeId): boolean {
    return this.relays.isHeard(peer, this.parts.monotonic())
  }

  /** The stream by which members open streams of others through this node. */
  readonly handlers: LinksOptions['handlers'] = new Map([
    [
      RELAY_STREAM,
      (raw: unknown, signal: AbortSignal) => {
        const { to, kind, params } = RelayParams.parse(raw)
        const link = this.parts.links()?.get(to)
        if (!link) throw new StreamError('not_connected', 'That machine is not connected here either')
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
