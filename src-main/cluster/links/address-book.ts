import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { NodeId } from '@core/ids'
import { replaceFile } from '../../disk/replace-file'

export const PeerAddress = z.object({ ip: z.string().min(1).max(255), port: z.number().int().min(1).max(65535) })
export type PeerAddress = z.infer<typeof PeerAddress>

const File = z.object({ version: z.literal(1), peers: z.record(z.string(), z.array(PeerAddress)) })

/** Addresses kept per node. */
const MOST = 32
/** Non-members whose addresses are kept: anything on the network can announce any number of nodes. */
export const MOST_STRANGERS = 64

const same = (a: PeerAddress, b: PeerAddress): boolean => a.ip === b.ip && a.port === b.port

const isFirst = (one: PeerAddress, at: number, all: readonly PeerAddress[]): boolean =>
  all.findIndex((other) => same(one, other)) === at

/**
 * The first of these addresses, and some of the others in turn. A host of containers announces an address for each of their
 * networks, and the one at which it can be reached may be any of them.
 */
const inTurn = (
  all: readonly PeerAddress[],
  { most, turn = 0 }: { readonly most: number; readonly turn?: number },
): readonly PeerAddress[] => {
  if (all.length <= most) return all
  const likeliest = Math.ceil(most / 2)
  const others = all.slice(likeliest)
  const from = (turn * (most - likeliest)) % others.length
  return [...all.slice(0, likeliest), ...[...others, ...others].slice(from, from + most - likeliest)]
}

/**
 * Addresses at which other nodes may be found: from discovery, from the user, or from the nodes themselves. Kept in
 * `peers.json`, so that a start finds peers without discovery. An address proves no identity; a certificate does.
 */
export class AddressBook {
  /** Ordered by last update, the latest at the end. */
  private readonly known = new Map<NodeId, PeerAddress[]>()
  private readonly path: string
  private writing: Promise<void> = Promise.resolve()
  private isWaiting = false

  constructor(
    dataDir: string,
    private readonly options: {
      /** Addresses of members that the user gave; which member is at which is unknown. */
      readonly given: readonly PeerAddress[]
      readonly isMember: (nodeId: NodeId) => boolean
    },
  ) {
    this.path = join(dataDir, 'peers.json')
    try {
      const { peers } = File.parse(JSON.parse(readFileSync(this.path, 'utf8')))
      for (const [nodeId, addresses] of Object.entries(peers))
        this.known.set(NodeId.parse(nodeId), addresses.slice(0, MOST))
      this.tidy()
    } catch {
      // Absent or damaged: peers are discovered again.
    }
  }

  of(nodeId: NodeId): readonly PeerAddress[] {
    return this.known.get(nodeId) ?? []
  }

  /**
   * Addresses to dial for a node: its known ones, those that others report (`reportedAddresses`), and the user's. At most `most`
   * of the first two kinds, which with another `turn` are others, and all of the user's.
   */
  around(
    nodeId: NodeId,
    options: { readonly reportedAddresses: readonly PeerAddress[]; readonly most: number; readonly turn?: number },
  ): readonly PeerAddress[] {
    const all = [...this.of(nodeId), ...options.reportedAddresses].filter(isFirst)
    return [...inTurn(all, options), ...this.options.given].filter(isFirst)
  }

  /** Adds working addresses, before the earlier ones. */
  add(nodeId: NodeId, addresses: readonly PeerAddress[]): void {
    const before = this.of(nodeId)
    const merged = [...addresses, ...before.filter((old) => !addresses.some((one) => same(one, old)))].slice(0, MOST)
    if (merged.length === before.length && merged.every((one, at) => same(one, before[at] ?? one))) return
    this.known.delete(nodeId)
    this.known.set(nodeId, merged)
    this.tidy()
    this.write()
  }

  /** Resolves when pending writes have ended, also if they failed. */
  async close(): Promise<void> {
    await this.writing
  }

  /** Drops the non-members that were updated longest ago. */
  private tidy(): void {
    const strangers = [...this.known.keys()].filter((nodeId) => !this.options.isMember(nodeId))
    for (const nodeId of strangers.slice(0, -MOST_STRANGERS)) this.known.delete(nodeId)
  }

  /** Coalesces changes that arrive while a write is running. */
  private write(): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.writing = this.writing
      .then(() => {
        this.isWaiting = false
        return replaceFile(this.path, `${JSON.stringify({ version: 1, peers: Object.fromEntries(this.known) })}\n`)
      })
      // Losing the file is harmless: peers are discovered again.
      .catch(() => undefined)
  }
}
