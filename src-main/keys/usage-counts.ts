import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Envelope } from '@core/events/event'
import { LOCAL_KEY } from '@core/generation/request'
import { UsageByKey, withUse, type Use } from '@core/keys/usage'
import type { State } from '@core/state/state'
import { replaceFile } from '../disk/replace-file'

const WRITE_EVERY_MS = 5000

const Kept = z.object({ version: z.literal(1), usage: UsageByKey })

export interface UsageCountsOptions {
  readonly dataDir: string
  readonly source: { state(): State; subscribe(event: (envelope: Envelope) => void, reset?: () => void): () => void }
  readonly log: { warn(fields: object, message: string): void }
  readonly writeEveryMs?: number
}

/**
 * What this node's requests used, by key and model. Kept in `usage.json`, which is replaced at most every few seconds
 * and at the end: a crash loses the last seconds of it. The usage of a key goes with the key.
 */
export class UsageCounts {
  private writing: Promise<void> = Promise.resolve()
  private timer: NodeJS.Timeout | undefined
  private readonly unsubscribe: () => void

  private constructor(
    private readonly options: UsageCountsOptions,
    private usage: UsageByKey,
  ) {
    this.unsubscribe = options.source.subscribe(
      ({ event }) => {
        if (event.type === 'ApiKeyRevoked') this.dropWhere((key) => key === event.apiKeyId)
      },
      () => this.dropRetired(),
    )
    this.dropRetired()
  }

  /** A file that is missing counts nothing; one that is damaged is replaced, and the log says so. */
  static async open(options: UsageCountsOptions): Promise<UsageCounts> {
    try {
      const text = await readFile(UsageCounts.pathIn(options.dataDir), 'utf8')
      return new UsageCounts(options, Kept.parse(JSON.parse(text)).usage)
    } catch (err) {
      const missing = err instanceof Error && 'code' in err && err.code === 'ENOENT'
      if (!missing) options.log.warn({ err }, 'usage.json cannot be read: the usage of keys is counted from nothing')
      return new UsageCounts(options, {})
    }
  }

  private static pathIn(dataDir: string): string {
    return join(dataDir, 'usage.json')
  }

  get current(): UsageByKey {
    return this.usage
  }

  /** A request was answered. One of a key that has been revoked meanwhile is not counted. */
  add(use: Use): void {
    if (use.key !== LOCAL_KEY && !(use.key in this.options.source.state().apiKeys)) return
    this.usage = withUse(this.usage, use)
    this.writeLater()
  }

  /** Resolves when everything is on the disk. */
  async close(): Promise<void> {
    this.unsubscribe()
    if (this.timer) this.writeNow()
    await this.writing
  }

  /** Revoked while this node was away. A key that is merely unknown may yet come with the state of the cluster. */
  private dropRetired(): void {
    const { retired = {}, apiKeys } = this.options.source.state()
    this.dropWhere((key) => key in retired && !(key in apiKeys))
  }

  private dropWhere(gone: (key: string) => boolean): void {
    const kept = Object.entries(this.usage).filter(([key]) => !gone(key))
    if (kept.length === Object.keys(this.usage).length) return
    this.usage = Object.fromEntries(kept)
    this.writeLater()
  }

  private writeLater(): void {
    this.timer ??= setTimeout(() => this.writeNow(), this.options.writeEveryMs ?? WRITE_EVERY_MS)
  }

  private writeNow(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.writing = this.writing.then(() => this.write())
  }

  private async write(): Promise<void> {
    const { dataDir, log } = this.options
    const kept: z.infer<typeof Kept> = { version: 1, usage: this.usage }
    await replaceFile(UsageCounts.pathIn(dataDir), `${JSON.stringify(kept)}\n`).catch((err: unknown) =>
      log.warn({ err }, 'the usage of keys could not be written down'),
    )
  }
}
