import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { NodeId } from '@core/ids'
import { replaceFile } from '../../disk/replace-file'

export const PeerAddress = z.object({ ip: z.string().min(1).max(255), port: z.number().int().min(1).max(65535) })
export type PeerAddress = z.infer<typeof PeerAddress>

const File = z.object({ version: z.literal(1), peers: z.record(z.string(), z.array(PeerAddress)) })

/** Most addresses that are kept of one node. */
const MOST = 32
/** Nodes that are no members, of which addresses are kept: anybody may announce himself, as often as he likes. */
export const MOST_STRANGERS = 64

const same = (a: PeerAddress, b: PeerAddress): boolean => a.ip === b.ip && a.port === b.port

const isFirst = (one: PeerAddress, at: number, all: readonly PeerAddress[]): boolean =>
  all.findIndex((other) => same(one, other)) === at

/**
 * Where other nodes may be: as discovery, a person, or they themselves say. Kept in `peers.json`, so that a
 * start finds them where nobody announces anything. Where is never who: a certificate has to prove that.
 */
export class AddressBook {
  /** Those of whom something was heard last come last. */
  private readonly known = new Map<NodeId, PeerAddress[]>()
  private readonly path: string
  private writing: Promise<void> = Promise.resolve()
  private isWaiting = false

  constructor(
    dataDir: string,
    private readonly options: {
      /** Where a person says that members are; which of them, nobody knows. */
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
      // Absent or damaged: everybody is found anew.
    }
  }

  of(nodeId: NodeId): readonly PeerAddress[] {
    return this.known.get(nodeId) ?? []
  }

  /**
   * Where to look for it: where it is known to be, where others say that they reach it, and where anybody may be.
   * At most `most` of what machines say, and all of what a person says.
   */
  around(
    nodeId: NodeId,
    { hearsay, most }: { readonly hearsay: readonly PeerAddress[]; readonly most: number },
  ): readonly PeerAddress[] {
    const said = [...this.of(nodeId), ...hearsay].filter(isFirst).slice(0, most)
    return [...said, ...this.options.given].filter(isFirst)
  }

  /** These are good; the latest come first. */
  add(nodeId: NodeId, addresses: readonly PeerAddress[]): void {
    const before = this.of(nodeId)
    const merged = [...addresses, ...before.filter((old) => !addresses.some((one) => same(one, old)))].slice(0, MOST)
    if (merged.length === before.length && merged.every((one, at) => same(one, before[at] ?? one))) return
    this.known.delete(nodeId)
    this.known.set(nodeId, merged)
    this.tidy()
    this.write()
  }

  /** Resolves when what is known is on the disk, as far as the disk takes it. */
  async close(): Promise<void> {
    await this.writing
  }

  /** Of strangers the ones heard longest ago are forgotten. */
  private tidy(): void {
    const strangers = [...this.known.keys()].filter((nodeId) => !this.options.isMember(nodeId))
    for (const nodeId of strangers.slice(0, -MOST_STRANGERS)) this.known.delete(nodeId)
  }

  /** What changes while the disk is busy is written once. */
  private write(): void {
    if (this.isWaiting) return
    this.isWaiting = true
    this.writing = this.writing
      .then(() => {
        this.isWaiting = false
        return replaceFile(this.path, `${JSON.stringify({ version: 1, peers: Object.fromEntries(this.known) })}\n`)
      })
      // Only a convenience: without it they are discovered again.
      .catch(() => undefined)
  }
}
