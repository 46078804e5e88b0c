import type { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import type { LastCall } from '@core/protocols/doctor'
import type { Identity } from '../identity'
import type { AddressBook, PeerAddress } from './address-book'
import { dial } from './dial'
import { lastCallOf, NO_ADDRESS } from './last-call'

const DIAL_EVERY_MS = 1000
/** Addresses of one node that are dialled at a time. */
const DIAL_AT_ONCE = 8

export interface DiallerOptions {
  readonly identity: Identity
  /** Path of the endpoint that is dialled. */
  readonly path: string
  readonly book: AddressBook
  /** Addresses at which other members report that they reach the peer. */
  readonly reportedAddresses: (peer: NodeId) => readonly PeerAddress[]
  readonly members: () => readonly NodeId[]
  /** Whether there is a link to the peer that is not silent. */
  readonly isLinked: (peer: NodeId) => boolean
  /** A call was answered. The peer is not dialled again before this resolves. */
  readonly onAnswered: (peer: NodeId, socket: WebSocket, ip: string) => Promise<void>
  /** No known address answers. */
  readonly onFailed: (peer: NodeId, error: unknown) => void
}

/** Dials members without a link every second, several addresses of each at once, and keeps how the last call ended. */
export class Dialler {
  private readonly calls = new Map<NodeId, AbortController>()
  /** How often each member without a link was called in vain: each time other addresses are tried. */
  private readonly turns = new Map<NodeId, number>()
  private readonly failures = new Map<NodeId, LastCall>()
  private readonly timer: NodeJS.Timeout
  private closed = false

  constructor(private readonly options: DiallerOptions) {
    this.timer = setInterval(() => this.dialAll(), DIAL_EVERY_MS)
    this.dialAllSoon()
  }

  /** The outcome of the last call to a member without a link; undefined if there is none. */
  lastCall(peer: NodeId): LastCall | undefined {
    return this.failures.get(peer)
  }

  /** A call was answered, but made no link. */
  failed(peer: NodeId, call: LastCall): void {
    this.failures.set(peer, call)
  }

  linked(peer: NodeId): void {
    this.failures.delete(peer)
    this.turns.delete(peer)
  }

  /** Dials all members without a link. */
  dialAll(): void {
    const { members, identity } = this.options
    for (const peer of members()) if (peer !== identity.nodeId) void this.dial(peer)
  }

  dialAllSoon(): void {
    setImmediate(() => this.dialAll())
  }

  dialSoon(peer: NodeId, withinMs: number): void {
    setImmediate(() => void this.dial(peer, withinMs))
  }

  /** The members have changed: calls to removed ones end. */
  membersChanged(): void {
    const members = new Set(this.options.members())
    for (const [peer, call] of this.calls) if (!members.has(peer)) call.abort()
    for (const peer of this.turns.keys()) if (!members.has(peer)) this.turns.delete(peer)
    this.dialAll()
  }

  close(): void {
    this.closed = true
    clearInterval(this.timer)
    for (const call of this.calls.values()) call.abort()
  }

  private async dial(peer: NodeId, withinMs?: number): Promise<void> {
    const { book, members, isLinked, onAnswered, onFailed } = this.options
    if (this.closed || isLinked(peer) || this.calls.has(peer) || !members().includes(peer)) return
    const turn = this.turns.get(peer) ?? 0
    const addresses = book.around(peer, {
      ...{ reportedAddresses: this.options.reportedAddresses(peer), most: DIAL_AT_ONCE, turn },
    })
    if (addresses.length === 0) return void this.failures.set(peer, NO_ADDRESS)
    const call = new AbortController()
    this.calls.set(peer, call)
    try {
      const { socket, ip } = await this.firstAnswer(peer, addresses, { call, withinMs })
      this.failures.delete(peer)
      await onAnswered(peer, socket, ip)
    } catch (error) {
      this.failures.set(peer, lastCallOf(error))
      this.turns.set(peer, turn + 1)
      onFailed(peer, error)
    } finally {
      call.abort()
      this.calls.delete(peer)
    }
  }

  /** Dials these addresses, and ends the other attempts once one answers. Rejects with all errors if none does. */
  private firstAnswer(
    peer: NodeId,
    addresses: readonly PeerAddress[],
    { call, withinMs }: { readonly call: AbortController; readonly withinMs: number | undefined },
  ): Promise<{ readonly socket: WebSocket; readonly ip: string }> {
    const { identity, path } = this.options
    return Promise.any(
      addresses.map(async (address) => {
        const { socket } = await dial({
          ...{ identity, address, path, expected: peer, signal: call.signal },
          ...(withinMs !== undefined && { withinMs }),
        })
        // Another address was quicker.
        if (call.signal.aborted) socket.terminate()
        call.abort()
        return { socket, ip: address.ip }
      }),
    )
  }
}
