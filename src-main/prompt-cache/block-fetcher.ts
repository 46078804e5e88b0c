import { constants } from 'node:fs'
import { chmod, open, rename, statfs, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { NodeId } from '@core/ids'
import { BlockList, type BlocksFolder, type ListedBlock } from '@core/protocols/prompt-blocks'
import { makeBelow } from '../disk/below'
import { removeBelow } from '../disk/removal'
import { listBlocks, tokensOf, usedBytes, type PromptCache } from './block-files'
import { BLOCK_STREAM, LIST_STREAM } from './sharing'

/** Share of the disk that stays free, the same as for the runner's own writes (`disk_cache.py`). */
const FREE_SHARE = 0.05

/** Read-only: so the runner tells copied blocks from those that were computed here. */
const COPIED_MODE = 0o400

/** What one fetch has copied so far, and how long its transfers took. */
export interface Fetched {
  readonly blocks: number
  readonly bytes: number
  readonly tokens: number
  readonly seconds: number
}

/** Whether to continue: the runner still runs, and does not compute prompts faster than they arrive. */
export type IsWorthwhile = (fetched: Fetched) => boolean

export interface BlockFetcherOptions {
  readonly cache: () => PromptCache
  /** Members with a link to this one. */
  readonly peers: () => readonly NodeId[]
  readonly open: (peer: NodeId, kind: string, params: unknown, signal: AbortSignal) => AsyncIterable<unknown>
  /** Resolves when these bytes may be received. */
  readonly limit: { take(bytes: number, signal: AbortSignal): Promise<void> }
  readonly log: { info(fields: object, message: string): void }
}

/**
 * Copies computed prompts of a model from other members into this machine's prompt cache, for a runner that was moved
 * here. Runs while the runner runs, which uses a block once its file has its final name, and verifies it first.
 *
 * 1. Nothing of this machine's is evicted: only free space within the cache's limit is filled.
 * 2. The most recently used blocks come first. A block is never used later than one that depends on it, so an
 *   interrupted fetch leaves usable prefixes.
 * 3. If a member is older, gone, or sends something else than it listed, only its own blocks are missing.
 */
export class BlockFetcher {
  private readonly running = new Map<BlocksFolder, Promise<void>>()
  private readonly closing = new AbortController()

  constructor(private readonly options: BlockFetcherOptions) {}

  /** Fetches a model's blocks. Resolves when it has ended; never rejects. */
  fetch(folder: BlocksFolder, isWorthwhile: IsWorthwhile): Promise<void> {
    const running = this.running.get(folder)
    if (running) return running
    const begun = this.run(folder, isWorthwhile).finally(() => this.running.delete(folder))
    this.running.set(folder, begun)
    return begun
  }

  async close(): Promise<void> {
    this.closing.abort()
    await Promise.all(this.running.values())
  }

  private async run(folder: BlocksFolder, isWorthwhile: IsWorthwhile): Promise<void> {
    let fetched: Fetched = { blocks: 0, bytes: 0, tokens: 0, seconds: 0 }
    try {
      for (const peer of this.options.peers()) fetched = await this.fromPeer({ peer, folder, fetched, isWorthwhile })
    } catch (error) {
      this.options.log.info({ folder, reason: String(error) }, 'could not store prompt cache blocks')
    }
    if (fetched.blocks > 0)
      this.options.log.info({ folder, ...fetched }, 'copied prompt cache blocks from other machines')
  }

  private async fromPeer({
    peer,
    folder,
    fetched,
    isWorthwhile,
  }: {
    readonly peer: NodeId
    readonly folder: BlocksFolder
    readonly fetched: Fetched
    readonly isWorthwhile: IsWorthwhile
  }): Promise<Fetched> {
    const offered = await this.offered(peer, folder)
    if (offered.length === 0) return fetched
    const { directory } = this.options.cache()
    const own = new Set((await listBlocks(directory, folder)).map(({ name }) => name))
    let room = await this.room()
    let sum = fetched
    for (const block of offered) {
      if (own.has(block.name)) continue
      if (block.size > room || this.closing.signal.aborted || !isWorthwhile(sum)) break
      const began = performance.now()
      if (!(await this.one(peer, folder, block))) break
      room -= block.size
      sum = {
        blocks: sum.blocks + 1,
        bytes: sum.bytes + block.size,
        tokens: sum.tokens + tokensOf(block.name),
        seconds: sum.seconds + (performance.now() - began) / 1000,
      }
    }
    return sum
  }

  private async offered(peer: NodeId, folder: BlocksFolder): Promise<readonly ListedBlock[]> {
    try {
      for await (const item of this.options.open(peer, LIST_STREAM, { folder }, this.closing.signal))
        return BlockList.parse(item).blocks
    } catch {
      // The member is gone, or its version does not know this stream.
    }
    return []
  }

  /** Bytes that may be added. */
  private async room(): Promise<number> {
    const { directory, maxBytes } = this.options.cache()
    if (maxBytes === 0) return 0
    const parent = await makeBelow(dirname(directory), [basename(directory)])
    const { bsize, blocks, bavail } = await statfs(parent)
    return Math.min(maxBytes - (await usedBytes(directory)), (bavail - blocks * FREE_SHARE) * bsize)
  }

  /** Copies one block. Returns whether all of it has arrived. */
  private async one(peer: NodeId, folder: BlocksFolder, { name, size, usedAt }: ListedBlock): Promise<boolean> {
    const { directory } = this.options.cache()
    const target = await makeBelow(dirname(directory), [basename(directory), folder])
    // Named like the runner's partial files, which the runner removes after a crash.
    const partial = `${name.replace(/\.safetensors$/, '')}.${process.pid}-fetched.partial`
    const path = join(target, partial)
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
    const file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600)
    try {
      const arrived = await this.receive(peer, { folder, name }, size, (bytes) => file.writeFile(bytes))
      await file.close()
      if (!arrived) return false
      await utimes(path, usedAt / 1000, usedAt / 1000)
      await chmod(path, COPIED_MODE)
      await rename(path, join(target, name))
      return true
    } finally {
      await file.close()
      await removeBelow(directory, [folder, partial])
    }
  }

  private async receive(
    peer: NodeId,
    params: { readonly folder: BlocksFolder; readonly name: string },
    size: number,
    write: (bytes: Uint8Array) => Promise<void>,
  ): Promise<boolean> {
    let left = size
    try {
      for await (const item of this.options.open(peer, BLOCK_STREAM, params, this.closing.signal)) {
        if (!(item instanceof Uint8Array) || item.length > left) return false
        await this.options.limit.take(item.length, this.closing.signal)
        await write(item)
        left -= item.length
      }
    } catch {
      // The member is gone, has evicted the block meanwhile, or this disk refuses it.
      return false
    }
    return left === 0
  }
}
