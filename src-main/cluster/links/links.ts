import type { WebSocket } from 'ws'
import type { NodeId, Timestamp } from '@core/ids'
import type { LastCall } from '@core/protocols/doctor'
import type { Hello } from '@core/protocols/peer'
import type { Identity } from '../identity'
import type { AddressBook, PeerAddress } from './address-book'
import { Removed } from './dial'
import { Dialler } from './dialler'
import { lastCallOf } from './last-call'
import { CLOSED, Link, LinkClosed, type LinkFrame } from './link'
import type { Caller } from './listener'
import { RemovalNotices } from './removal-notices'
import { firstOf, openThrough } from '../member-links'
import { StreamError, type Item, type StreamHandler } from './streams'

export const LINK_PATH = '/link'

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
  private readonly dialler: Dialler
  /** Members that have called this node. */
  private readonly callers = new Set<NodeId>()
  /** Links of a second machine with one key that we closed: the peer echoes the close code, which must not count. */
  private readonly closedAsDuplicate = new WeakSet<Link>()
  private readonly removalNotices: RemovalNotices
  private closed = false

  constructor(private readonly options: LinksOptions) {
    const { identity, book, reportedAddresses, members, admittedAt } = options
    this.removalNotices = new RemovalNotices({ isLinked: () => this.links.size > 0, admittedAt })
    this.dialler = new Dialler({
      ...{ identity, path: LINK_PATH, book, reportedAddresses, members },
      isLinked: (peer) => this.get(peer) !== undefined,
      onAnswered: (peer, socket, remoteAddress) => this.begin(peer, socket, { dialled: true, remoteAddress }),
      onFailed: (peer, error) => this.dialFailed(peer, error),
    })
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
    return this.dialler.lastCall(peer)
  }

  /** Whether the peer has ever called this node, which shows that this direction works. */
  hasCalled(peer: NodeId): boolean {
    return this.callers.has(peer)
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
    this.callers.add(nodeId)
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
    this.dialler.membersChanged()
  }

  /** Terminates all links, dropping unread frames, and dials all members again. */
  dropAll(): void {
    for (const [peer, link] of [...this.links]) {
      this.links.delete(peer)
      link.drop()
      if (!link.isSilent) this.options.onDown(peer)
    }
    for (const link of this.retired) link.drop()
    this.dialler.dialAllSoon()
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
    this.dialler.dialAll()
  }

  close(): void {
    this.closed = true
    this.dialler.close()
    for (const link of [...this.links.values(), ...this.retired]) link.close(CLOSED.leaving, 'leaving')
  }

  private dialFailed(peer: NodeId, error: unknown): void {
    if (!this.closed && !this.get(peer)) this.options.onRefused(peer)
    const errors: unknown[] = error instanceof AggregateError ? error.errors : []
    const notice = errors.find((one) => one instanceof Removed)
    if (!this.closed && this.removalNotices.hear(peer, notice)) this.options.onRemoved()
  }

  private async begin(
    peer: NodeId,
    socket: WebSocket,
    { dialled, remoteAddress }: { dialled: boolean; remoteAddress: string },
  ): Promise<void> {
    const { hello, onFrame, log } = this.options
    const link: Link = new Link({
      peer,
      socket,
      dialled,
      remoteAddress,
      hello: hello(),
      handlers: this.handlersFor(peer),
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
      this.dialler.failed(peer, call)
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

  /** The handlers of streams that this member opens, while it is a member. */
  private handlersFor(peer: NodeId): ReadonlyMap<string, StreamHandler> {
    const { handlers, members } = this.options
    return new Map(
      [...handlers].map(([kind, handler]) => [
        kind,
        (params, signal) => {
          if (!members().includes(peer)) throw new StreamError('not_member', 'Not a member of this cluster')
          return handler(params, signal, peer)
        },
      ]),
    )
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
    this.dialler.linked(link.peer)
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
    this.dialler.dialSoon(link.peer, REDIAL_MS)
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
    if (REFUSALS.has(code)) this.dialler.failed(peer, lastCallOf(new LinkClosed(code, reason)))
    else this.dialler.dialSoon(peer, REDIAL_MS)
  }
}
