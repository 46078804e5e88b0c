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
 * Counts what this node's requests used, by key and model. Kept in `usage.json`, which is replaced every few seconds at
 * most and at close, so a crash loses the last seconds. Revoking a key deletes its usage.
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

  /** Opens the counts. A missing file counts as empty; a damaged one is replaced, with a warning in the log. */
  static async open(options: UsageCountsOptions): Promise<UsageCounts> {
    try {
      const text = await readFile(UsageCounts.pathIn(options.dataDir), 'utf8')
      return new UsageCounts(options, Kept.parse(JSON.parse(text)).usage)
    } catch (err) {
      const missing = err instanceof Error && 'code' in err && err.code === 'ENOENT'
      if (!missing) options.log.warn({ err }, 'usage.json cannot be read: the usage of keys starts at zero')
      return new UsageCounts(options, {})
    }
  }

  private static pathIn(dataDir: string): string {
    return join(dataDir, 'usage.json')
  }

  get current(): UsageByKey {
    return this.usage
  }

  /** Adds the usage of an answered request. Usage of a key that was revoked meanwhile is dropped. */
  add(use: Use): void {
    if (use.key !== LOCAL_KEY && !(use.key in this.options.source.state().apiKeys)) return
    this.usage = withUse(this.usage, use)
    this.writeLater()
  }

  /** Resolves when everything is written to disk. */
  async close(): Promise<void> {
    this.unsubscribe()
    if (this.timer) this.writeNow()
    await this.writing
  }

  /**
   * Drops usage of keys that were revoked while this node was away. Unknown keys are kept: they may still arrive with
   * the cluster's state.
   */
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
      log.warn({ err }, 'could not save the usage of keys'),
    )
  }
}
