import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import type { Observation } from '@core/events/event'
import type { NodeId } from '@core/ids'
import type { Hello } from '@core/protocols/peer'
import type { State } from '@core/state/state'
import { elapsed, monotonic } from '@core/time/clocks'
import { rdmaReports } from '@core/rdma/index'
import { PROBE_EVERY_MS, Probes, type Target } from '@core/topology/probes'
import type { Link } from '../links/link'
import { encodeProbe, isGenuine, NONCE_BYTES, readProbe } from './datagram'
import { interfaceTypeTowards } from './own-interfaces'
import { Survey } from './survey'

/** Delay that batches echoes into one report. */
const REPORT_AFTER_MS = 20
/** Pending probes; beyond this the oldest are forgotten. */
const MOST_PENDING = 4096
/** Addresses per member that are probed because it has called from them; a laptop calls from a new one every day. */
export const MOST_HEARD_FROM = 8

/** The part of a link that probing uses. */
export type ProbedLink = Pick<Link, 'peer' | 'peerHello' | 'remoteAddress' | 'heardAt'>

export interface ProberOptions {
  readonly self: NodeId
  /** The preferred UDP port; another one is taken if it is in use. */
  readonly port: number
  readonly state: () => State
  readonly links: () => readonly ProbedLink[]
  readonly members: () => readonly NodeId[]
  readonly observe: (event: Observation) => void
  /** Measures bytes per second to that address. */
  readonly measure: (way: Target) => Promise<number>
  /** Whether a model is computing here now. */
  readonly isBusy: () => boolean
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
}

/**
 * Probes every address of every member once a second. Reports which ones answer, and the RDMA connections, again
 * whenever the state differs (level-triggered).
 */
export class Prober {
  readonly key = randomBytes(32)
  private readonly probes: Probes
  private readonly survey: Survey
  private readonly hellos = new Map<NodeId, Hello>()
  /** Addresses from which each member has called, the latest at the end. */
  private readonly heardFrom = new Map<NodeId, readonly string[]>()
  private readonly pending = new Map<
    string,
    { readonly target: Target; readonly sentAt: number; readonly key: Buffer }
  >()
  private readonly timer: NodeJS.Timeout
  private reporting: NodeJS.Timeout | undefined

  private constructor(
    private readonly options: ProberOptions,
    private readonly socket: Socket,
  ) {
    this.probes = new Probes(options.self)
    this.survey = new Survey({ ...options, probes: this.probes, onMeasured: () => this.report() })
    socket.on('message', (datagram, { address, port }) => this.take(datagram, address, port))
    socket.on('error', (err) => options.log.warn({ err }, 'probing failed'))
    this.timer = setInterval(() => this.round(), PROBE_EVERY_MS)
  }

  static async open(options: ProberOptions): Promise<Prober> {
    const socket = await bind(options.port).catch(() => bind(0))
    return new Prober(options, socket)
  }

  get port(): number {
    return this.socket.address().port
  }

  /** Takes the peer's probe port and key from a new link and probes it at once. */
  linked(link: ProbedLink): void {
    if (link.peerHello) this.hellos.set(link.peer, link.peerHello)
    if (isIP(link.remoteAddress) !== 0) {
      const others = (this.heardFrom.get(link.peer) ?? []).filter((ip) => ip !== link.remoteAddress)
      this.heardFrom.set(link.peer, [...others, link.remoteAddress].slice(-MOST_HEARD_FROM))
    }
    this.round()
  }

  /** Members that answer at no address. */
  unreachable(): readonly NodeId[] {
    return this.probes.unreachable()
  }

  /** This machine has slept. */
  wake(): void {
    this.probes.resetAfterSleep()
  }

  /** Measures throughput to all addresses of a member again. Rejects if none can be measured. */
  measure(nodeId: NodeId): Promise<void> {
    return this.survey.again(nodeId, this.targets())
  }

  close(): void {
    clearInterval(this.timer)
    clearTimeout(this.reporting)
    this.socket.close()
  }

  private round(): void {
    const now = monotonic(performance.now())
    // Traffic over a link since the last round counts as an echo.
    for (const link of this.options.links())
      if (elapsed(link.heardAt, now) < PROBE_EVERY_MS)
        this.probes.heard({ nodeId: link.peer, ip: link.remoteAddress }, now)
    for (const target of this.probes.round(this.targets(), now)) this.send(target)
    this.report()
    this.survey.round()
  }

  private targets(): Target[] {
    const { self, members, state } = this.options
    const interfaces = state().nodes[self]?.network?.interfaces ?? []
    return members().flatMap((nodeId): Target[] => {
      const hello = this.hellos.get(nodeId)
      if (nodeId === self || !hello) return []
      const addresses = new Set([...(this.heardFrom.get(nodeId) ?? []), ...hello.addresses])
      return [...addresses]
        .filter((ip) => isIP(ip) !== 0)
        .map((ip) => ({ nodeId, ip, port: hello.port, interfaceType: interfaceTypeTowards(ip, interfaces) }))
    })
  }

  private send(target: Target): void {
    const hello = this.hellos.get(target.nodeId)
    if (!hello) return
    const key = Buffer.from(hello.probe.key, 'base64')
    const nonce = randomBytes(NONCE_BYTES)
    this.pending.set(nonce.toString('hex'), { target, sentAt: performance.now(), key })
    for (const oldest of this.pending.keys()) {
      if (this.pending.size <= MOST_PENDING) break
      this.pending.delete(oldest)
    }
    const ip = isIP(target.ip) === 4 && this.socket.address().family === 'IPv6' ? `::ffff:${target.ip}` : target.ip
    // Ignore send errors: an unreachable network gives no echo, and that is what counts.
    this.socket.send(encodeProbe('ask', nonce, key), hello.probe.port, ip, () => undefined)
  }

  private take(datagram: Buffer, address: string, port: number): void {
    const probe = readProbe(datagram)
    if (!probe) return
    if (probe.kind === 'ask') {
      if (isGenuine(datagram, this.key))
        this.socket.send(encodeProbe('echo', probe.nonce, this.key), port, address, () => undefined)
      return
    }
    const name = probe.nonce.toString('hex')
    const asked = this.pending.get(name)
    if (!asked || !isGenuine(datagram, asked.key)) return
    this.pending.delete(name)
    this.probes.answered(asked.target, {
      at: monotonic(performance.now()),
      latencyMs: performance.now() - asked.sentAt,
    })
    this.reporting ??= setTimeout(() => {
      this.reporting = undefined
      this.report()
    }, REPORT_AFTER_MS)
  }

  private report(): void {
    const { self, state, observe } = this.options
    const seen = state()
    for (const event of [...this.probes.reports(seen), ...rdmaReports(seen, self)]) observe(event)
  }
}

/** Binds a dual-stack socket, or an IPv4 one if the system has no IPv6. */
const bind = (port: number): Promise<Socket> =>
  new Promise<Socket>((resolve, reject) => {
    const socket = createSocket({ type: 'udp6', ipv6Only: false })
    socket.once('error', reject)
    socket.bind(port, () => resolve(socket))
  }).catch(
    (cause: NodeJS.ErrnoException) =>
      new Promise<Socket>((resolve, reject) => {
        if (cause.code !== 'EAFNOSUPPORT') return reject(cause)
        const socket = createSocket('udp4')
        socket.once('error', reject)
        socket.bind(port, () => resolve(socket))
      }),
  )
