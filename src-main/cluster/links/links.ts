import type { WebSocket } from 'ws'
import type { NodeId } from '@core/ids'
import type { LastCall } from '@core/protocols/doctor'
import type { Hello } from '@core/protocols/peer'
import type { Identity } from '../identity'
import type { AddressBook, PeerAddress } from './address-book'
import { dial, Removed } from './dial'
import { lastCallOf, NO_ADDRESS } from './last-call'
import { CLOSED, Link, type LinkFrame } from './link'
import type { Caller } from './listener'
import { firstOf, openThrough } from '../member-links'
import { StreamError, type Item, type StreamHandler } from './streams'

export const LINK_PATH = '/link'

const DIAL_EVERY_MS = 1000
/** How many addresses of one node are tried at a time. */
const DIAL_AT_ONCE = 8
/** Who was there a moment ago answers within this time, or is gone: others wait to hear which. */
const REDIAL_MS = 1200
/** How long a removed member is still told things. */
const LAST_WORDS_MS = 50
/** One that knows less than the others may say so once; nobody else must be there who says otherwise. */
const REMOVED_SAYINGS = 3
/** Two machines with one key: how long the one that was there first has to answer. */
const PROVE_WITHIN_MS = 1500

export interface LinksOptions {
  readonly identity: Identity
  readonly book: AddressBook
  /** Where others say that they reach it. */
  readonly hearsay: (peer: NodeId) => readonly PeerAddress[]
  readonly members: () => readonly NodeId[]
  readonly hello: () => Hello
  readonly handlers: ReadonlyMap<string, (params: unknown, signal: AbortSignal, from: NodeId) => AsyncIterable<Item>>
  /** Linked members through whom a stream of one that is not linked can be asked for, the likeliest first. */
  readonly ways: (peer: NodeId, kind: string) => readonly NodeId[]
  readonly onUp: (link: Link) => void
  readonly onDown: (peer: NodeId) => void
  /** It was dialled at every address that is known, and is not there. */
  readonly onRefused: (peer: NodeId) => void
  readonly onFrame: (peer: NodeId, frame: LinkFrame) => void
  /** Members say that this machine is none any more, and no other member is there. */
  readonly onRemoved: () => void
  /** Two machines are alive with the identity of that peer. */
  readonly onSameIdentity: (peer: NodeId) => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/**
 * One link to every member that is there. Both sides dial; where both succeed, the lower id's call stays, and what has
 * begun on the other link ends in peace. A member that is silent has no link for whoever asks here, and is dialled
 * anew; its link is given up only later, for it may only have been busy, and streams may be on it.
 */
export class Links {
  private readonly links = new Map<NodeId, Link>()
  /** Replaced by another link to the same member, and still carrying streams. */
  private readonly retired = new Set<Link>()
  private readonly dialling = new Map<NodeId, AbortController>()
  private readonly failures = new Map<NodeId, LastCall>()
  private readonly called = new Set<NodeId>()
  /** Links of a second machine with one key, closed here: the code of the closing comes back as an echo. */
  private readonly turnedAway = new WeakSet<Link>()
  /** How often in a row each member has said that this machine was removed. */
  private readonly removedBy = new Map<NodeId, number>()
  private readonly timer: NodeJS.Timeout
  private closed = false

  constructor(private readonly options: LinksOptions) {
    this.timer = setInterval(() => this.dialAll(), DIAL_EVERY_MS)
    setImmediate(() => this.dialAll())
  }

  get(peer: NodeId): Link | undefined {
    const link = this.links.get(peer)
    return link?.isSilent === true ? undefined : link
  }

  all(): readonly Link[] {
    return [...this.links.values()].filter(({ isSilent }) => !isSilent)
  }

  /** Why a member is not linked, as the last call to it ended; undefined where nothing is known. */
  lastCall(peer: NodeId): LastCall | undefined {
    return this.failures.get(peer)
  }

  /** Whether it has ever called here: that way is open. */
  hasCalled(peer: NodeId): boolean {
    return this.called.has(peer)
  }

  /** Items of a stream of that member. Throws StreamError. */
  async *open(peer: NodeId, kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    yield* openThrough(this, this.options.ways, { peer, kind, params, signal })
  }

  /** The one item of a stream that has one. Throws StreamError. */
  ask(peer: NodeId, kind: string, params: unknown): Promise<Item> {
    return firstOf(this.open(peer, kind, params))
  }

  /** A member has called; the door has checked that it is one. */
  enter({ nodeId, socket, remoteAddress }: Caller): void {
    this.called.add(nodeId)
    void this.begin(nodeId, socket, { dialled: false, remoteAddress })
  }

  /** The members have changed: links to those who are none any more end at once. */
  membersChanged(): void {
    const members = new Set(this.options.members())
    for (const [peer, link] of this.links) {
      // What it says is not heard any more; what it was told last, that it is no member, still has to reach it.
      if (!members.has(peer)) setTimeout(() => link.close(CLOSED.notMember, 'no member'), LAST_WORDS_MS)
    }
    for (const link of this.retired) if (!members.has(link.peer)) link.close(CLOSED.notMember, 'no member')
    for (const [peer, call] of this.dialling) if (!members.has(peer)) call.abort()
    this.dialAll()
  }

  /** Ends all links at once, with what lies in them unread, and calls everybody again. */
  dropAll(): void {
    for (const [peer, link] of [...this.links]) {
      this.links.delete(peer)
      link.drop()
      if (!link.isSilent) this.options.onDown(peer)
    }
    for (const link of this.retired) link.drop()
    setImmediate(() => this.dialAll())
  }

  /** This process stood still for a moment, as under load. The links are whole; what lies in them of who leads is old. */
  refreshAll(): void {
    for (const link of this.links.values()) link.refresh()
  }

  /** A node may be at new addresses: they are tried now. */
  dialAll(): void {
    if (this.closed) return
    for (const peer of this.options.members())
      if (peer !== this.options.identity.nodeId && !this.get(peer) && !this.dialling.has(peer)) void this.dial(peer)
  }

  close(): void {
    this.closed = true
    clearInterval(this.timer)
    for (const call of this.dialling.values()) call.abort()
    for (const link of [...this.links.values(), ...this.retired]) link.close(CLOSED.leaving, 'leaving')
  }

  private async dial(peer: NodeId, withinMs?: number): Promise<void> {
    if (this.closed || this.get(peer) || this.dialling.has(peer)) return
    if (!this.options.members().includes(peer)) return
    const { identity, book, onRefused } = this.options
    const addresses = book.around(peer, { hearsay: this.options.hearsay(peer), most: DIAL_AT_ONCE })
    if (addresses.length === 0) return void this.failures.set(peer, NO_ADDRESS)
    const call = new AbortController()
    this.dialling.set(peer, call)
    try {
      const { socket, ip } = await Promise.any(
        addresses.map(async (address) => {
          const { socket } = await dial({
            identity,
            address,
            path: LINK_PATH,
            expected: peer,
            signal: call.signal,
            ...(withinMs !== undefined && { withinMs }),
          })
          // Another address was quicker.
          if (call.signal.aborted) socket.terminate()
          call.abort()
          return { socket, ip: address.ip }
        }),
      )
      this.failures.delete(peer)
      await this.begin(peer, socket, { dialled: true, remoteAddress: ip })
    } catch (error) {
      this.failures.set(peer, lastCallOf(error))
      if (!this.closed && !this.get(peer)) onRefused(peer)
      this.heedRemoval(peer, error)
    } finally {
      call.abort()
      this.dialling.delete(peer)
    }
  }

  private heedRemoval(peer: NodeId, error: unknown): void {
    const told = error instanceof AggregateError && error.errors.some((one) => one instanceof Removed)
    if (!told || this.links.size > 0) return void this.removedBy.delete(peer)
    const sayings = (this.removedBy.get(peer) ?? 0) + 1
    this.removedBy.set(peer, sayings)
    if (sayings < REMOVED_SAYINGS || this.closed) return
    this.removedBy.clear()
    this.options.onRemoved()
  }

  private async begin(
    peer: NodeId,
    socket: WebSocket,
    { dialled, remoteAddress }: { dialled: boolean; remoteAddress: string },
  ): Promise<void> {
    const { hello, handlers, onFrame, log } = this.options
    const bound = new Map<string, StreamHandler>(
      [...handlers].map(([kind, handler]) => [
        kind,
        (params, signal) => {
          if (!this.options.members().includes(peer)) throw new StreamError('not_member', 'No member of this cluster')
          return handler(params, signal, peer)
        },
      ]),
    )
    const link: Link = new Link({
      peer,
      socket,
      dialled,
      remoteAddress,
      hello: hello(),
      handlers: bound,
      onFrame: (frame) => {
        if (this.links.get(peer) === link && this.options.members().includes(peer)) onFrame(peer, frame)
      },
      onSilent: () => this.silent(link),
      onHeard: () => this.heardAgain(link),
      onClose: ({ code, reason }) => this.gone(link, { code, reason }),
    })
    let greeting: Hello
    try {
      greeting = await link.greeted
    } catch (error) {
      const call = lastCallOf(error)
      this.failures.set(peer, call)
      // Both sides call at several addresses at once, and drop what they do not need.
      log[call.outcome === 'lost' ? 'info' : 'warn']({ peer, ...call }, 'a link to a member could not be made')
      return
    }
    if (this.closed || !this.options.members().includes(peer)) return link.close(CLOSED.notMember, 'no member')
    if (await this.mayStay(link, greeting)) this.settle(link, greeting)
  }

  /** Of two links to one node, one stays, and both sides agree which. */
  private async mayStay(link: Link, { boot }: Hello): Promise<boolean> {
    const other = this.links.get(link.peer)
    if (!other?.isOpen) return true
    if (other.peerHello?.boot !== boot) {
      const isThere = await other.proveAlive(PROVE_WITHIN_MS).then(
        () => true,
        () => false,
      )
      if (!isThere || this.links.get(link.peer) !== other) {
        // That process is gone, and with it all that was on the link.
        other.drop()
        return true
      }
      this.options.onSameIdentity(link.peer)
      this.turnedAway.add(link)
      link.close(CLOSED.sameIdentity, 'another machine has this identity')
      return false
    }
    const lower = this.options.identity.nodeId < link.peer
    // The same side called again: it knows nothing of the first call any more.
    if (other.isSilent || link.dialled === other.dialled || link.dialled === lower) {
      this.retire(other)
      return true
    }
    this.retire(link)
    return false
  }

  /** It is replaced, and ends when what has begun on it has ended: on the other side it may be in use by now. */
  private retire(link: Link): void {
    this.retired.add(link)
    link.retire()
  }

  private settle(link: Link, { addresses, port }: Hello): void {
    const { book, onUp, log } = this.options
    const isNew = !this.get(link.peer)
    this.links.set(link.peer, link)
    this.removedBy.clear()
    this.failures.delete(link.peer)
    book.add(
      link.peer,
      [
        ...(link.remoteAddress !== '' ? [{ ip: link.remoteAddress, port }] : []),
        ...addresses.map((ip) => ({ ip, port })),
      ].filter((address) => address.port > 0),
    )
    log.info({ peer: link.peer, address: link.remoteAddress, dialled: link.dialled, isNew }, 'linked')
    onUp(link)
  }

  private silent(link: Link): void {
    if (this.links.get(link.peer) !== link) return
    this.options.log.info({ peer: link.peer }, 'a linked member is silent')
    this.options.onDown(link.peer)
    setImmediate(() => void this.dial(link.peer, REDIAL_MS))
  }

  private heardAgain(link: Link): void {
    if (this.links.get(link.peer) !== link || this.closed) return
    this.options.log.info({ peer: link.peer }, 'a linked member that was silent is heard again')
    this.options.onUp(link)
  }

  private gone(link: Link, { code, reason }: { code: number; reason: string }): void {
    const { peer } = link
    if (code === CLOSED.sameIdentity && !this.turnedAway.has(link))
      this.options.onSameIdentity(this.options.identity.nodeId)
    this.retired.delete(link)
    if (this.links.get(peer) !== link) return
    this.links.delete(peer)
    this.options.log.info({ peer, code, reason }, 'link lost')
    if (!link.isSilent) this.options.onDown(peer)
    setImmediate(() => void this.dial(peer, REDIAL_MS))
  }
}
