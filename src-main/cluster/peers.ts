import { randomUUID } from 'node:crypto'
import type { NodeId, RunnerId, Timestamp } from '@core/ids'
import type { DoctorReport, OwnView } from '@core/protocols/doctor'
import { OLDEST_PEER_PROTOCOL, PEER_PROTOCOL, type Hello } from '@core/protocols/peer'
import { monotonic, type Monotonic } from '@core/time/clocks'
import type { ConsensusNode } from './consensus-node'
import { FrameRouter } from './frame-router'
import { Discovery, type Sighting } from './discovery'
import { diagnose, EXAMINE_STREAM } from './doctor/diagnose'
import { examine } from './doctor/examine'
import { reportedAddresses } from './reported-addresses'
import type { Identity } from './identity'
import { AddressBook, type PeerAddress } from './links/address-book'
import { LOST_MS } from './links/link'
import { LINK_PATH, Links, type LinksOptions } from './links/links'
import { listen, type Caller, type Listener } from './links/listener'
import { admittedAt } from './links/removal-notices'
import { MemberNetwork } from './member-network'
import { ownAddresses } from './own-addresses'
import { one, ownHandlers } from './own-handlers'
import { PeerPortError } from './peer-port-error'
import { SharedIdentities } from './shared-identities'
import { Prober } from './probing/prober'
import { measureThroughput, THROUGHPUT_PATH, ThroughputServer } from './probing/throughput'

type Handlers = LinksOptions['handlers']

/** Characters of the name in an announcement. A DNS text record holds 255 bytes. */
const MOST_OF_NAME = 60
/** Addresses of one machine that the doctor checks. */
const MOST_CHECKED = 8

export interface PeersOptions {
  readonly identity: Identity
  readonly dataDir: string
  readonly port: number
  /** The user chose the port: fail instead of taking another one. */
  readonly portIsFixed: boolean
  /** Whether discovery is enabled now; read again by `announce`. */
  readonly discovery: () => boolean
  /** Addresses of members that the user gave. */
  readonly given: readonly PeerAddress[]
  readonly version: string
  readonly clusterId: () => string
  readonly friendlyName: string
  readonly deciding: ConsensusNode
  /** Streams that other parts of this node serve. */
  readonly handlers: Handlers
  /** Whether a model is computing here now. */
  readonly isBusy: () => boolean
  readonly onWake: (runnerId: RunnerId, epoch: number, traceparent: string | undefined) => void
  /** Called when this machine learns that it was removed from the cluster. */
  readonly onRemoved: () => void
  /**
   * When this machine was admitted, while its log does not have it yet; undefined if the admitting member did not say.
   */
  readonly admittedAt: () => Timestamp | undefined
  /** A non-member connects to join. Only possession of its key is proved. */
  readonly onStranger: (caller: Caller) => void
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/** The other machines: discovery, links, probes, and the messages between members. */
export class Peers {
  /** Members whose identity two running machines share: the peer's or ours. */
  readonly sameIdentity: SharedIdentities
  private readonly sightings = new Map<NodeId, Sighting>()
  private readonly listeners = new Set<() => void>()
  private examining: Promise<OwnView> | undefined
  private constructor(
    private readonly options: PeersOptions,
    readonly book: AddressBook,
    readonly links: Links,
    private readonly listener: Listener,
    private readonly prober: Prober,
    /** Sends the consensus messages of this node. */
    readonly network: MemberNetwork,
    private discovery: Discovery | undefined,
  ) {
    this.sameIdentity = new SharedIdentities((peer, { isShared }) => {
      if (isShared) options.log.warn({ peer }, 'two running machines have the same identity')
      this.changed()
    })
  }

  /** Rejects with the system's error if the port cannot be bound. */
  static async open(options: PeersOptions): Promise<Peers> {
    const { identity, dataDir, deciding, log } = options
    const isInCluster = (nodeId: NodeId): boolean => deciding.memberIds().includes(nodeId)
    const book = new AddressBook(dataDir, { given: options.given, isMember: isInCluster })
    const boot = randomUUID()
    const opened: { peers?: Peers } = {}
    const isMember = (nodeId: NodeId): boolean => nodeId !== identity.nodeId && isInCluster(nodeId)
    let links: Links | undefined
    const throughput = new ThroughputServer()
    const endpoints = {
      [LINK_PATH]: {
        admits: isMember,
        enter: (caller: Caller) => links?.enter(caller),
        removedAt: (nodeId: NodeId) => deciding.state().retired?.[nodeId],
      },
      [THROUGHPUT_PATH]: { admits: isMember, enter: (caller: Caller) => throughput.enter(caller) },
      '/join': { admits: (nodeId: NodeId) => nodeId !== identity.nodeId, enter: options.onStranger },
    }
    const open = (wanted: number): Promise<Listener> => listen({ identity, port: wanted, endpoints })
    const listener = await open(options.port).catch((error: unknown) => {
      if (options.portIsFixed) throw new PeerPortError(options.port, error)
      log.warn({ port: options.port, err: error }, 'the port for other machines is in use; using another one')
      return open(0)
    })
    const { port } = listener
    const prober = await Prober.open({
      self: identity.nodeId,
      port,
      state: () => deciding.state(),
      links: () => links?.all() ?? [],
      members: () => deciding.memberIds(),
      observe: (event) => deciding.observe(event),
      measure: (way) => measureThroughput(identity, way),
      isBusy: options.isBusy,
      log,
    })
    const hello = (): Hello => ({
      type: 'hello',
      protocols: { from: OLDEST_PEER_PROTOCOL, to: PEER_PROTOCOL },
      boot,
      version: options.version,
      clusterId: options.clusterId(),
      port,
      addresses: ownAddresses(),
      probe: { port: prober.port, key: prober.key.toString('base64') },
    })
    const now = (): Monotonic => monotonic(performance.now())
    const router = new FrameRouter({ self: identity.nodeId, links: () => links, isMember, deciding, monotonic: now })
    const { relaying } = router
    const all = (links = new Links({
      identity,
      book,
      reportedAddresses: (peer) => reportedAddresses(deciding.state(), peer),
      members: () => deciding.memberIds(),
      hello,
      handlers: new Map([
        ...ownHandlers(deciding, (nodeId) => prober.measure(nodeId)),
        [EXAMINE_STREAM, () => one(opened.peers?.examine())],
        ...relaying.handlers,
        ...options.handlers,
      ]),
      relaysFor: (peer, kind) => relaying.relaysFor(peer, kind),
      onUp: (link) => {
        router.up(link)
        prober?.linked(link)
        opened.peers?.changed()
      },
      onDown: (peer) => {
        router.down(peer)
        opened.peers?.changed()
      },
      onRefused: (peer) => {
        router.refused(peer)
        opened.peers?.changed()
      },
      onFrame: (peer, frame) => {
        if (frame.type === 'wake') return options.onWake(frame.runnerId, frame.epoch, frame.traceparent)
        router.take(peer, frame)
      },
      onRemoved: options.onRemoved,
      admittedAt: () =>
        admittedAt({
          ...{ self: identity.nodeId, state: deciding.state(), memberIds: deciding.memberIds() },
          reportedAdmission: options.admittedAt(),
        }),
      onSameIdentity: (peer) => opened.peers?.sameIdentity.note(peer),
      log,
    }))
    const network = new MemberNetwork({ links: all, relaying, monotonic: now, log })
    const peers = new Peers(options, book, all, listener, prober, network, undefined)
    opened.peers = peers
    peers.announce()
    return peers
  }

  get port(): number {
    return this.listener.port
  }

  /** Discovered nodes. */
  nearby(): readonly Sighting[] {
    return [...this.sightings.values()]
  }

  /** Notifies when a node appears or goes, and when a link does. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** Checks afresh what this machine sees of the others. Concurrent callers share one run. */
  examine(): Promise<OwnView> {
    const { identity, version, deciding } = this.options
    this.examining ??= examine({
      identity,
      version,
      port: this.port,
      discovery: this.discovery,
      members: deciding.memberIds(),
      nearby: this.nearby(),
      addressesOf: (nodeId) => this.addressesOf(nodeId),
      links: this.links,
      sameIdentity: this.sameIdentity,
    }).finally(() => (this.examining = undefined))
    return this.examining
  }

  /** The views of all machines with their diagnosis. */
  diagnose(): Promise<DoctorReport> {
    const { identity, deciding } = this.options
    return diagnose({
      self: identity.nodeId,
      state: deciding.state(),
      members: deciding.memberIds(),
      nearby: this.nearby(),
      links: this.links,
      examineHere: () => this.examine(),
    })
  }

  /** Announces this node, replacing an earlier announcement. */
  announce(): void {
    const { identity, clusterId, version, friendlyName, deciding, discovery, log } = this.options
    const name = deciding.state().members[identity.nodeId]?.friendlyName ?? friendlyName
    const before = this.discovery
    this.discovery = undefined
    void before?.close()
    if (!discovery()) return
    this.discovery = new Discovery({
      self: {
        nodeId: identity.nodeId,
        clusterId: clusterId(),
        version,
        friendlyName: name.slice(0, MOST_OF_NAME),
      },
      port: this.port,
      onSeen: (sighting) => {
        this.sightings.set(sighting.nodeId, sighting)
        this.book.add(
          sighting.nodeId,
          sighting.addresses.map((ip) => ({ ip, port: sighting.port })),
        )
        this.links.dialAll()
        this.changed()
      },
      onGone: (nodeId) => {
        this.sightings.delete(nodeId)
        this.changed()
      },
      log,
    })
  }

  /** Measures the throughput from one member to another. Rejects if it cannot be measured. */
  async measure(from: NodeId, to: NodeId): Promise<void> {
    if (from === this.options.identity.nodeId) await this.prober.measure(to)
    else await this.links.ask(from, 'measure', { nodeId: to })
  }

  unreachable(): readonly NodeId[] {
    return this.prober.unreachable()
  }

  /** This machine woke up: closes all links and dials again. */
  reconnect(): void {
    this.prober.wake()
    this.links.dropAll()
  }

  /** This process did not run for that many milliseconds. */
  processPaused(milliseconds: number): void {
    this.prober.wake()
    // Peers drop a silent link after LOST_MS only. A shorter pause was load: keep the links and their streams.
    if (milliseconds >= LOST_MS) this.links.dropAll()
    else this.links.refreshAll()
  }

  wake(peer: NodeId, runnerId: RunnerId, epoch: number, traceparent?: string): void {
    this.links.get(peer)?.send({ type: 'wake', runnerId, epoch, ...(traceparent !== undefined && { traceparent }) })
  }

  private addressesOf(nodeId: NodeId): readonly PeerAddress[] {
    const { deciding } = this.options
    return this.book.around(nodeId, {
      reportedAddresses: reportedAddresses(deciding.state(), nodeId),
      most: MOST_CHECKED,
    })
  }

  private changed(): void {
    for (const listener of this.listeners) listener()
  }

  async close(): Promise<void> {
    this.prober.close()
    this.links.close()
    this.sameIdentity.close()
    await Promise.all([this.discovery?.close(), this.listener.close(), this.book.close()])
  }
}
