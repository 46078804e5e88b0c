import Bonjour, { type Service } from 'bonjour-service'
import { networkInterfaces } from 'node:os'
import { z } from 'zod'
import { NodeId } from '@core/ids'

/** What a node says of itself to everybody near: where it is, never who it is. */
export const Announcement = z.object({
  nodeId: NodeId,
  clusterId: z.string().min(1).max(100),
  version: z.string().max(50),
})
export type Announcement = z.infer<typeof Announcement>

/** A node that announces itself here. Who it really is, its certificate has to prove. */
export interface Sighting extends Announcement {
  readonly port: number
  /** IPv4 and IPv6, in no order. */
  readonly addresses: readonly string[]
}

export interface DiscoveryOptions {
  readonly self: Announcement
  /** Where this node's peers reach it. */
  readonly port: number
  /** A node came near, or is at other addresses than before. */
  readonly onSeen: (sighting: Sighting) => void
  /** It said goodbye on every interface. */
  readonly onGone: (nodeId: NodeId) => void
  readonly log: { warn(fields: object, message: string): void }
  /** IPv4 addresses of the interfaces to use; by default all that lead to others. */
  readonly interfaces?: () => readonly string[]
}

const SERVICE = 'muster'
/** Interfaces come and go with cables and networks. */
const LOOK_EVERY_MS = 2000

/** Addresses of the interfaces that lead to other machines. */
export const outwardAddresses = (): string[] => {
  try {
    return Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : []))
  } catch {
    // A sandbox may forbid the question: nobody is discovered then, and addresses can be given by hand.
    return []
  }
}

/** All addresses others may reach this machine by; link-local ones reach nobody without a zone that only this machine knows. */
export const ownAddresses = (): string[] => {
  try {
    return Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .flatMap(({ internal, address }) => (internal || /^fe[89ab]/i.test(address) ? [] : [address]))
  } catch {
    return []
  }
}

/** Announces this node and hears others on one interface each: one that listens on all of them finds nothing on most. */
export class Discovery {
  private readonly listeners = new Map<string, Bonjour>()
  /** Who was seen on which interface. */
  private readonly seen = new Map<NodeId, Map<string, Sighting>>()
  private readonly timer: NodeJS.Timeout

  constructor(private readonly options: DiscoveryOptions) {
    this.look()
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.timer.unref()
  }

  /** Says goodbye; resolves when that is on its way. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    await Promise.all([...this.listeners.keys()].map((address) => this.leave(address)))
  }

  private look(): void {
    const { interfaces = outwardAddresses } = this.options
    const now = new Set(interfaces())
    for (const address of this.listeners.keys()) if (!now.has(address)) void this.leave(address)
    for (const address of now) if (!this.listeners.has(address)) this.join(address)
  }

  private join(address: string): void {
    const { self, port, log } = this.options
    const failed = (err: unknown): void => {
      log.warn({ err, address }, 'nodes cannot be discovered over this interface; give their addresses by hand')
      void this.leave(address)
    }
    const options = { interface: address, bind: '0.0.0.0' }
    const bonjour = new Bonjour(options as ConstructorParameters<typeof Bonjour>[0], failed)
    this.listeners.set(address, bonjour)
    // Names must differ or the second one counts as a conflict; probing would see our own other interfaces as one.
    const name = `${self.nodeId.slice(0, 12)} ${address}`
    bonjour.publish({ name, type: SERVICE, port, probe: false, txt: { ...self } })
    const browser = bonjour.find({ type: SERVICE })
    const saw = (service: Service): void => this.saw(address, service)
    browser.on('up', saw)
    browser.on('txt-update', saw)
    browser.on('srv-update', saw)
    browser.on('down', (service: Service) => this.lost(address, service))
  }

  private leave(address: string): Promise<void> {
    const bonjour = this.listeners.get(address)
    this.listeners.delete(address)
    for (const nodeId of [...this.seen.keys()]) this.forget(nodeId, (from) => from.startsWith(`${address}|`))
    if (!bonjour) return Promise.resolve()
    return new Promise((resolve) => bonjour.unpublishAll(() => bonjour.destroy(() => resolve())))
  }

  private saw(on: string, service: Service): void {
    const parsed = Announcement.safeParse(service.txt)
    // Anybody may announce anything: what is no node of ours is passed over.
    if (!parsed.success || parsed.data.nodeId === this.options.self.nodeId) return
    const { nodeId } = parsed.data
    const addresses = [
      ...new Set([...(service.addresses ?? []), ...(service.referer ? [service.referer.address] : [])]),
    ]
    const known = this.seen.get(nodeId) ?? new Map<string, Sighting>()
    this.seen.set(nodeId, known.set(`${on}|${service.name}`, { ...parsed.data, port: service.port, addresses }))
    this.tell(nodeId)
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

  /** All that is known of a node, from every interface. */
  private tell(nodeId: NodeId): void {
    const sightings = [...(this.seen.get(nodeId)?.values() ?? [])]
    const latest = sightings.at(-1)
    if (latest)
      this.options.onSeen({ ...latest, addresses: [...new Set(sightings.flatMap(({ addresses }) => addresses))] })
  }
}
