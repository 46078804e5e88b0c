import type { Envelope } from '../../events/event'
import type { NodeId } from '../../ids'
import type { NodeClock } from './node-clock'
import type { Packet } from './packet'
import type { SimulatedProjection } from './projection'
import type { Leadership } from './replication'

const AGAIN_MS = 200

export interface FollowingParts {
  readonly clock: NodeClock
  readonly projection: SimulatedProjection
  readonly leads: () => Leadership
  readonly isLinked: (peer: NodeId) => boolean
  readonly send: (to: NodeId, packet: Packet) => void
  /** The master's state has come. */
  readonly onState: () => void
}

/** A follower's state is its master's: all of it, then what happens; asked for again where something is missing. */
export class SimulatedFollowing {
  private requests = 0
  private watching: { readonly request: number; readonly master: NodeId; readonly term: number } | undefined
  /** As master: who watches. */
  private readonly watchers = new Map<NodeId, number>()

  constructor(private readonly parts: FollowingParts) {}

  /** Another node leads. */
  follow(master: NodeId, term: number): void {
    this.watching = { request: ++this.requests, master, term }
    this.ask()
  }

  /** It follows no more, and nobody follows it. */
  stop(): void {
    this.watching = undefined
    this.watchers.clear()
  }

  watchedBy(from: NodeId, { request, term }: Extract<Packet, { kind: 'watch' }>): void {
    const { leads, projection, send } = this.parts
    const leader = leads()
    if (leader.kind !== 'self' || leader.term !== term) return send(from, { kind: 'unwatched', request })
    this.watchers.set(from, request)
    send(from, { kind: 'watched', request, item: { kind: 'state', state: projection.state() } })
  }

  /** As master: an event was folded. */
  tell(envelope: Envelope): void {
    for (const [to, request] of this.watchers)
      this.parts.send(to, { kind: 'watched', request, item: { kind: 'events', envelopes: [envelope] } })
  }

  told({ request, item }: Extract<Packet, { kind: 'watched' }>): void {
    const { projection, onState } = this.parts
    if (this.watching?.request !== request) return
    if (item.kind === 'state') {
      if (item.state.term !== this.watching.term) return this.again()
      projection.replace(item.state)
      return onState()
    }
    const isWhole = item.envelopes.every((envelope) => projection.take(envelope))
    projection.sendOn()
    if (!isWhole) this.again()
  }

  refused({ request }: Extract<Packet, { kind: 'unwatched' }>): void {
    if (this.watching?.request === request) this.again()
  }

  linkLost(peer: NodeId): void {
    this.watchers.delete(peer)
    if (this.watching?.master === peer) this.again()
  }

  private again(): void {
    if (!this.watching) return
    const watching = (this.watching = { ...this.watching, request: ++this.requests })
    this.parts.clock.after(AGAIN_MS, () => {
      if (this.watching === watching) this.ask()
    })
  }

  private ask(): void {
    if (!this.watching) return
    const { master, term, request } = this.watching
    if (this.parts.isLinked(master)) this.parts.send(master, { kind: 'watch', request, term })
    else this.again()
  }
}
