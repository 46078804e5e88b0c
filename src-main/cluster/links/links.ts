import type { WebSocket } from 'ws'
import type { NodeId, Timestamp } from '@core/ids'
import type { LastCall } from '@core/protocols/doctor'
import type { Hello } from '@core/protocols/peer'
import type { Identity } from '../identity'
import type { AddressBook, PeerAddress } from './address-book'
import { dial, Removed } from './dial'
import { lastCallOf, NO_ADDRESS } from './last-call'
import { CLOSED, Link, LinkClosed, type LinkFrame } from './link'
import type { Caller } from './listener'
import { RemovalNotices } from './removal-notices'
import { firstOf, openThrough } from '../member-links'
import { StreamError, type Item, type StreamHandler } from './streams'

export const LINK_PATH = '/link'

const DIAL_EVERY_MS = 1000
/** Addresses of one node that are dialled at a time. */
const DIAL_AT_ONCE = 8
/** Dial timeout after a lost link: a peer that is alive answers within it, and an election may be waiting. */
const REDIAL_MS = 1200
/** Delay before the link of a removed member closes, so that the removal still reaches it. */
const REMOVED_CLOSE_DELAY_MS = 50
/** Codes with which a side closes a link that it will not have. It is dialled again at the next interval only. */
const REFUSALS: ReadonlySet<number> = new Set([CLOSED.notMember, CLOSED.protocol, CLOSED.sameIdentity])
/** Two machines with one key: the time within which the first one must answer a ping. */
const PROVE_WITHIN_MS = 1500

export interface LinksOptions {
  readonly identity: Identity
  readonly book: AddressBook
  /** Addresses at which other members report that they reach the peer. */
  readonly reportedAddresses: (peer: NodeId) => readonly PeerAddress[]
  readonly members: () => readonly NodeId[]
  readonly hello: () => Hello
  readonly handlers: ReadonlyMap<string, (params: unknown, signal: AbortSignal, from: NodeId) => AsyncIterable<Item>>
  /** Linked members that may relay a stream to an unlinked one, the likeliest first. */
  readonly relaysFor: (peer: NodeId, kind: string) => readonly NodeId[]
  readonly onUp: (link: Link) => void
  readonly onDown: (peer: NodeId) => void
  /** Every known address was dialled, and none answers. */
  readonly onRefused: (peer: NodeId) => void
  readonly onFrame: (peer: NodeId, frame: LinkFrame) => void
  /** Members repeatedly report that this machine was removed from the cluster; see `RemovalNotices`. */
  readonly onRemoved: () => void
  /** When this machine was admitted to the cluster. */
  readonly admittedAt: () => Timestamp
  /** Two running machines have that peer's identity. */
  readonly onSameIdentity: (peer: NodeId) => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/**
 * Keeps one link to every reachable member. Both sides dial; if both succeed, the link dialled by the lower id stays,
 * and streams on the other finish. A silent member counts as not linked and is dialled again. Its link is dropped only
 * later: the member may just be busy, and streams may be on it.
 */
export class Links {
  private readonly links = new Map<NodeId, Link>()
  /** Links replaced by another one to the same member, still carrying streams. */
  private readonly retired = new Set<Link>()
  private readonly dialling = new Map<NodeId, AbortController>()
  private readonly failures = new Map<NodeId, LastCall>()
  /** How often each unlinked member was called in vain. */
  private readonly turns = new Map<NodeId, number>()
  private readonly called = new Set<NodeId>()
  /** Links of a second machine with one key that we closed: the peer echoes the close code, which must not count. */
  private readonly closedAsDuplicate = new WeakSet<Link>()
  private readonly removalNotices: RemovalNotices
  private readonly timer: NodeJS.Timeout
  private closed = false

  constructor(private readonly options: LinksOptions) {
    const { admittedAt } = options
    this.removalNotices = new RemovalNotices({ isLinked: () => this.links.size > 0, admittedAt })
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

  /** The outcome of the last call to an unlinked member; undefined if there is none. */
  lastCall(peer: NodeId): LastCall | undefined {
    return this.failures.get(peer)
  }

  /** Whether the peer has ever called this node, which shows that this direction works. */
  hasCalled(peer: NodeId): boolean {
    return this.called.has(peer)
  }

  /** Opens a stream of that member. Throws StreamError. */
  async *open(peer: NodeId, kind: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Item> {
    yield* openThrough(this, this.options.relaysFor, { peer, kind, params, signal })
  }

  /** Opens a single-item stream and returns its item. Throws StreamError. */
  ask(peer: NodeId, kind: string, params: unknown): Promise<Item> {
    return firstOf(this.open(peer, kind, params))
  }

  /** Takes an authenticated connection from the listener. */
  enter({ nodeId, socket, remoteAddress }: Caller): void {
    this.called.add(nodeId)
    void this.begin(nodeId, socket, { dialled: false, remoteAddress })
  }

  /** The members have changed: links to removed ones end. */
  membersChanged(): void {
    const members = new Set(this.options.members())
    for (const [peer, link] of this.links) {
      // Wait, so that the removal reaches it first; frames from it are ignored meanwhile.
      if (!members.has(peer)) setTimeout(() => link.close(CLOSED.notMember, 'no member'), REMOVED_CLOSE_DELAY_MS)
    }
    for (const link of this.retired) if (!members.has(link.peer)) link.close(CLOSED.notMember, 'no member')
    for (const [peer, call] of this.dialling) if (!members.has(peer)) call.abort()
    for (const peer of this.turns.keys()) if (!members.has(peer)) this.turns.delete(peer)
    this.dialAll()
  }

  /** Terminates all links, dropping unread frames, and dials all members again. */
  dropAll(): void {
    for (const [peer, link] of [...this.links]) {
      this.links.delete(peer)
      link.drop()
      if (!link.isSilent) this.options.onDown(peer)
    }
    for (const link of this.retired) link.drop()
    setImmediate(() => this.dialAll())
  }

  /**
   * After a short pause of this process, such as under load: keeps the links, but ignores consensus messages sent
   * before now.
   */
  refreshAll(): void {
    for (const link of this.links.values()) link.refresh()
  }

  /** Dials all unlinked members now. */
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
    const turn = this.turns.get(peer) ?? 0
    const addresses = book.around(peer, {
      ...{ reportedAddresses: this.options.reportedAddresses(peer), most: DIAL_AT_ONCE, turn },
    })
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
      this.turns.set(peer, turn + 1)
      if (!this.closed && !this.get(peer)) onRefused(peer)
      this.handleRemovalNotice(peer, error)
    } finally {
      call.abort()
      this.dialling.delete(peer)
    }
  }

  private handleRemovalNotice(peer: NodeId, error: unknown): void {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : []
    const notice = errors.find((one) => one instanceof Removed)
    if (!this.closed && this.removalNotices.hear(peer, notice)) this.options.onRemoved()
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
          if (!this.options.members().includes(peer))
            throw new StreamError('not_member', 'Not a member of this cluster')
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
      // Expected: both sides dial several addresses at once and drop the superfluous connections.
      log[call.outcome === 'lost' ? 'info' : 'warn']({ peer, ...call }, 'could not link to a member')
      return
    }
    if (!this.isWelcome(peer)) return link.close(CLOSED.notMember, 'no member')
    // Asking an earlier link takes time, in which this one may have closed.
    if (!(await this.mayStay(link, greeting)) || !link.isOpen) return
    if (this.isWelcome(peer)) this.settle(link, greeting)
    else link.close(CLOSED.notMember, 'no member')
  }

  private isWelcome(peer: NodeId): boolean {
    return !this.closed && this.options.members().includes(peer)
  }

  /** Decides whether a new link replaces or yields to the existing one. Both sides decide the same. */
  private async mayStay(link: Link, greeting: Hello): Promise<boolean> {
    const other = this.links.get(link.peer)
    if (!other?.isOpen) return true
    if (other.peerHello?.boot !== greeting.boot) {
      const isThere = await other.proveAlive(PROVE_WITHIN_MS).then(
        () => true,
        () => false,
      )
      // The earlier process is gone, with everything on its link.
      if (!isThere) other.drop()
      // Another link of the new process may have taken its place meanwhile.
      if (!isThere || this.links.get(link.peer) !== other) return this.mayStay(link, greeting)
      this.options.onSameIdentity(link.peer)
      this.closedAsDuplicate.add(link)
      link.close(CLOSED.sameIdentity, 'another machine has this identity')
      return false
    }
    const lower = this.options.identity.nodeId < link.peer
    // The same side dialled again: it has lost the first link.
    if (other.isSilent || link.dialled === other.dialled || link.dialled === lower) {
      this.retire(other)
      return true
    }
    this.retire(link)
    return false
  }

  /** Replaces a link, which closes once its streams have ended: the other side may be using it by now. */
  private retire(link: Link): void {
    this.retired.add(link)
    link.retire()
  }

  private settle(link: Link, { addresses, port }: Hello): void {
    const { book, onUp, log } = this.options
    const isNew = !this.get(link.peer)
    this.links.set(link.peer, link)
    this.removalNotices.clear()
    this.failures.delete(link.peer)
    this.turns.delete(link.peer)
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
    this.options.log.info({ peer: link.peer }, 'a silent member answers again')
    this.options.onUp(link)
  }

  private gone(link: Link, { code, reason }: { code: number; reason: string }): void {
    const { peer } = link
    if (code === CLOSED.sameIdentity && !this.closedAsDuplicate.has(link))
      this.options.onSameIdentity(this.options.identity.nodeId)
    this.retired.delete(link)
    if (this.links.get(peer) !== link) return
    this.links.delete(peer)
    this.options.log.info({ peer, code, reason }, 'link lost')
    if (!link.isSilent) this.options.onDown(peer)
    // Who will not have this link will not have the next one either: calling again at once would never end.
    if (REFUSALS.has(code)) this.failures.set(peer, lastCallOf(new LinkClosed(code, reason)))
    else setImmediate(() => void this.dial(peer, REDIAL_MS))
  }
}
