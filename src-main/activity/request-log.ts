import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RequestTiming } from '@core/activity/request-timing'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import { RequestRecord } from '@core/protocols/activity'
import { z } from 'zod'
import { replaceFile } from '../disk/replace-file'

/** Number of requests kept; the oldest are dropped first. */
const MOST_KEPT = 1000
/** Delay of the write after a request ends; requests that end within it share one write. */
const WRITE_AFTER_MS = 5000

export interface RequestLogOptions {
  readonly dataDir: string
  readonly log: { warn(fields: Readonly<Record<string, unknown>>, message: string): void }
}

const readKept = async (path: string): Promise<readonly RequestRecord[]> => {
  try {
    const parsed = z.array(RequestRecord).safeParse(JSON.parse(await readFile(path, 'utf8')))
    return parsed.success ? parsed.data : []
  } catch {
    // The log is informational: if it is unreadable, start with an empty one.
    return []
  }
}

/** The latest requests taken by this node, without prompts and answers. Survives restarts. */
export class RequestLog {
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: RequestLogOptions,
    private readonly path: string,
    /** Newest last. */
    private kept: readonly RequestRecord[],
  ) {}

  static async open(options: RequestLogOptions): Promise<RequestLog> {
    const path = join(options.dataDir, 'requests.json')
    return new RequestLog(options, path, await readKept(path))
  }

  /** Newest first. */
  latest(most = MOST_KEPT): readonly RequestRecord[] {
    return [...this.kept].reverse().slice(0, most)
  }

  /** Passes updates through, and records the request when it ends. `key` is the name of its API key. */
  async *observed(
    { model, prompt, countOnly }: Pick<ClientRequest, 'model' | 'prompt' | 'countOnly'>,
    key: string | undefined,
    updates: AsyncIterable<GenerationUpdate>,
  ): AsyncGenerator<GenerationUpdate> {
    // Token counting computes nothing, so it is not recorded.
    if (countOnly) return yield* updates
    const head = {
      id: randomUUID(),
      kind: prompt.kind === 'tokens' ? ('text' as const) : prompt.kind,
      model,
      key,
      startedAt: Date.now(),
    }
    const timing = new RequestTiming(head, performance.now())
    try {
      for await (const update of updates) {
        timing.take(update, performance.now())
        yield update
      }
    } finally {
      this.keep(timing.record(performance.now()))
    }
  }

  async close(): Promise<void> {
    if (this.timer !== undefined) this.write()
    await this.writing
  }

  private keep(record: RequestRecord): void {
    this.kept = [...this.kept, record].slice(-MOST_KEPT)
    this.timer ??= setTimeout(() => this.write(), WRITE_AFTER_MS).unref()
  }

  private write(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.writing = this.writing
      .then(() => replaceFile(this.path, JSON.stringify(this.kept)))
      .catch((err: unknown) => this.options.log.warn({ err }, 'cannot write the log of past requests'))
  }
}
