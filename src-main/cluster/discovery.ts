import Bonjour, { type Service } from 'bonjour-service'
import { createSocket } from 'node:dgram'
import type { EventEmitter } from 'node:events'
import { z } from 'zod'
import { NodeId } from '@core/ids'
import { channels, withZone, type Channel } from './own-addresses'

/** What a node announces over multicast DNS. Unauthenticated: it helps to find a node, never to identify it. */
export const Announcement = z.object({
  nodeId: NodeId,
  clusterId: z.string().min(1).max(100),
  version: z.string().max(50),
  /** The machine's own name for itself, unverified. */
  friendlyName: z.string().max(100).optional(),
})
export type Announcement = z.infer<typeof Announcement>

/** An announced node with its addresses. Its identity is verified by certificate when a link is opened. */
export interface Sighting extends Announcement {
  readonly port: number
  /** IPv4 and IPv6: first those that it announces itself from. */
  readonly addresses: readonly string[]
}

export interface DiscoveryOptions {
  readonly self: Announcement
  /** The port on which peers reach this node. */
  readonly port: number
  /** A node appeared, or its addresses changed. */
  readonly onSeen: (sighting: Sighting) => void
  /** The node's announcements are gone from every interface. */
  readonly onGone: (nodeId: NodeId) => void
  readonly log: { warn(fields: object, message: string): void }
  /** Where to announce and listen; by default every non-loopback interface. */
  readonly channels?: () => readonly Channel[]
  /** UDP port of multicast DNS; tests use another. */
  readonly mdnsPort?: number
}

/** Limits on remembered nodes, and on announcements of one node: anything on the network can send them. */
const MOST_SEEN = 256
const MOST_ANNOUNCEMENTS = 64

const SERVICE = 'muster'
/** How often to check for interfaces that appeared or went away. */
const CHECK_CHANNELS_EVERY_MS = 2000
/** The mDNS multicast group for IPv6. */
const GROUP_6 = 'ff02::fb'

const nameOf = ({ family, interfaceName, address }: Channel): string =>
  family === 'IPv4' ? address : `${interfaceName} IPv6`

/** Options that bonjour-service passes through to multicast-dns; its own types do not list them. */
const socketOptions = ({ family, interfaceName, address }: Channel): object =>
  family === 'IPv4'
    ? { interface: address, bind: '0.0.0.0' }
    : {
        // A dual-stack socket would receive every IPv4 announcement a second time.
        socket: createSocket({ type: 'udp6', reuseAddr: true, ipv6Only: true }),
        type: 'udp6',
        ip: GROUP_6,
        interface: `::%${interfaceName}`,
        bind: '::',
      }

/**
 * Opens an mDNS socket. `failed` is called for each of its errors. Those of binding come as events of an object that the
 * library keeps to itself, and would end the process: another program may have the port for itself.
 */
const openMdns = (channel: Channel, port: number | undefined, failed: (error: unknown) => void): Bonjour => {
  const options = { ...socketOptions(channel), ...(port !== undefined && { port }) }
  const bonjour = new Bonjour(options, failed)
  const { server } = bonjour as unknown as { readonly server: { readonly mdns: EventEmitter } }
  server.mdns.on('error', failed)
  return bonjour
}

/** What is open on an interface: the socket, and this node's announcement once it has begun. */
interface Listener {
  readonly bonjour: Bonjour
  announcement?: Service
}

/** Announces this node and discovers others, with an mDNS socket per interface: a single one misses most nodes. */
export class Discovery {
  private readonly listeners = new Map<string, Listener>()
  /** Channels whose failure was logged. They are tried again with every check, until they are gone. */
  private readonly failing = new Set<string>()
  /** Sightings of each node, by interface and service name. */
  private readonly seen = new Map<NodeId, Map<string, Sighting>>()
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: DiscoveryOptions) {
    this.updateChannels()
    this.timer = setInterval(() => this.updateChannels(), CHECK_CHANNELS_EVERY_MS)
    this.timer.unref()
  }

  /** Sends goodbyes; resolves when they are on their way. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all([...this.listeners.keys()].map((address) => this.leave(address)))
  }

  /** Returns the nodes among `wanted` that answer now. A remembered sighting may be of a machine that crashed since. */
  async answering(wanted: ReadonlySet<NodeId>, { withinMs }: { readonly withinMs: number }): Promise<Set<NodeId>> {
    const { channels: open = channels, mdnsPort } = this.options
    const heard = new Set<NodeId>()
    const asking: Bonjour[] = []
    await new Promise<void>((resolve) => {
      const isDone = (): boolean => [...wanted].every((nodeId) => heard.has(nodeId))
      if (isDone()) return resolve()
      setTimeout(resolve, withinMs)
      for (const channel of open()) {
        // Ignore errors: the interface may be going away, and the others may still answer.
        const bonjour = openMdns(channel, mdnsPort, () => undefined)
        asking.push(bonjour)
        bonjour.find({ type: SERVICE }).on('up', ({ txt }: Service) => {
          const parsed = Announcement.safeParse(txt)
          if (!parsed.success) return
          heard.add(parsed.data.nodeId)
          if (isDone()) resolve()
        })
      }
    })
    for (const bonjour of asking) bonjour.destroy()
    return heard
  }

  private updateChannels(): void {
    const { channels: open = channels } = this.options
    const now = new Map(open().map((channel) => [nameOf(channel), channel]))
    for (const name of this.listeners.keys()) if (!now.has(name)) void this.leave(name)
    for (const name of this.failing) if (!now.has(name)) this.failing.delete(name)
    for (const [name, channel] of now) if (!this.listeners.has(name)) this.join(name, channel)
  }

  private join(on: string, channel: Channel): void {
    const { self, port, mdnsPort, log } = this.options
    const failed = (err: unknown): void => {
      if (!this.failing.has(on))
        log.warn({ err, on }, 'nodes cannot be discovered over this interface; give their addresses')
      this.failing.add(on)
      // It may have been closed already, and another opened in its place.
      if (this.listeners.get(on) === listener) void this.leave(on)
    }
    const bonjour = openMdns(channel, mdnsPort, failed)
    const listener: Listener = { bonjour }
    this.listeners.set(on, listener)
    // Names must be unique, or mDNS reports a conflict. Probing is off: it would find our own other interfaces.
    const name = `${self.nodeId.slice(0, 12)} ${on}`
    try {
      listener.announcement = bonjour.publish({ name, type: SERVICE, port, probe: false, txt: { ...self } })
    } catch (error) {
      // It lists this machine's interfaces, which needs a free file descriptor.
      return failed(error)
    }
    const browser = bonjour.find({ type: SERVICE })
    const sighted = (service: Service): void => this.sighted(on, channel, service)
    browser.on('up', sighted)
    browser.on('txt-update', sighted)
    browser.on('srv-update', sighted)
    browser.on('down', (service: Service) => this.lost(on, service))
  }

  private leave(on: string): Promise<void> {
    const listener = this.listeners.get(on)
    this.listeners.delete(on)
    for (const nodeId of [...this.seen.keys()]) this.forget(nodeId, (from) => from.startsWith(`${on}|`))
    if (!listener) return Promise.resolve()
    const { bonjour, announcement } = listener
    return new Promise((resolve) => {
      const destroy = (): void => {
        // Otherwise the library repeats it on the closed socket, which throws where the port was never bound.
        if (announcement) announcement.destroyed = true
        bonjour.destroy(() => resolve())
      }
      try {
        bonjour.unpublishAll(destroy)
      } catch {
        // The goodbye lists this machine's interfaces, which needs a free file descriptor. Others forget us in time.
        destroy()
      }
    })
  }

  private sighted(on: string, { interfaceName }: Channel, service: Service): void {
    const parsed = Announcement.safeParse(service.txt)
    // Ignore announcements that do not parse: they are not from a Muster node.
    if (!parsed.success || parsed.data.nodeId === this.options.self.nodeId) return
    const { nodeId } = parsed.data
    // Where it comes from leads back to it; what it lists beside that may lead to its containers only.
    const heard = [...(service.referer ? [service.referer.address] : []), ...(service.addresses ?? [])]
    const addresses = [...new Set(heard.map((address) => withZone(address, interfaceName)))]
    const known = this.seen.get(nodeId) ?? new Map<string, Sighting>()
    known.set(`${on}|${service.name}`, { ...parsed.data, port: service.port, addresses })
    for (const oldest of known.keys()) if (known.size > MOST_ANNOUNCEMENTS) known.delete(oldest)
    this.seen.delete(nodeId)
    this.seen.set(nodeId, known)
    for (const oldest of this.seen.keys()) if (this.seen.size > MOST_SEEN) this.forget(oldest, () => true)
    this.report(nodeId)
  }

  private lost(on: string, service: Service): void {
    const parsed = Announcement.safeParse(service.txt)
    if (parsed.success) this.forget(parsed.data.nodeId, (from) => from === `${on}|${service.name}`)
  }

  private forget(nodeId: NodeId, gone: (from: string) => boolean): void {
    const known = this.seen.get(nodeId)
    if (!known) return
    for (const from of [...known.keys()]) if (gone(from)) known.delete(from)
    if (known.size > 0) return
    this.seen.delete(nodeId)
    this.options.onGone(nodeId)
  }

  /** Reports a node with its addresses from all interfaces. */
  private report(nodeId: NodeId): void {
    const sightings = [...(this.seen.get(nodeId)?.values() ?? [])]
    const latest = sightings.at(-1)
    if (!latest) return
    const sources = sightings.flatMap(({ addresses }) => addresses.slice(0, 1))
    const all = sightings.flatMap(({ addresses }) => addresses)
    this.options.onSeen({ ...latest, addresses: [...new Set([...sources, ...all])] })
  }
}
