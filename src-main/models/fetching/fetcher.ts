import type { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { clauses, coded, type CodedText } from '@core/texts/coded'
import { textOfError } from '@core/texts/coded-error'
import { inEnglish } from '@core/texts/english'
import { finishRemovals } from '../../disk/removal'
import { ownPlace, partialModels } from '../stores/own-store'
import { PartialModel, type Amount, type Brought } from './partial'
import { sleep } from './sleep'
import { Progress } from './progress'
import type { RateLimit } from './rate-limit'
import type { Source } from './source'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Polling interval while another machine downloads from the hub. */
const POLL_MS = 1000
/** Piece size for concurrent requests to one file; smaller pieces would exceed the request rates that hubs allow. */
const PIECE_BYTES = 32 * 1024 * 1024

export interface FetcherOptions {
  /** `<data-dir>/models` */
  readonly modelsDir: string
  /** Reachable machines that have the model, best first. */
  readonly peers: (modelId: ModelId) => readonly Source[]
  readonly hub: (modelId: ModelId) => Source
  /** A message naming machines that had the model and are offline; undefined if none is known. */
  readonly away: (modelId: ModelId) => CodedText | undefined
  /**
   * Returns a function to poll: whether another machine is downloading the model from the hub, for this one to copy.
   */
  readonly waiting: (modelId: ModelId) => () => boolean
  readonly freeBytes: (directory: string) => Promise<number | undefined>
  /** Bytes that the settings want kept free on the disk. */
  readonly keepFreeBytes: () => number
  /** Shared by all downloads of a node. */
  readonly limit: RateLimit
  /** Tests use smaller ones. */
  readonly pieceBytes?: number
  /** Reports progress. `undefined`: no download is running and no partial files remain. */
  readonly onProgress: (modelId: ModelId, download: Download | undefined) => void
  /** Called when all files of a model have arrived and their commit is known. Never rejects. */
  readonly onBrought?: (model: Omit<Brought, 'revision'> & { modelId: ModelId; revision: string }) => Promise<void>
  /** Called when a model is complete; resolves with its problem, if any. */
  readonly onComplete: (modelId: ModelId) => Promise<CodedText | string | undefined>
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** Sleeps; tests replace it. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

interface Fetching {
  readonly partial: PartialModel
  readonly stop: AbortController
  /** Progress so far. */
  amount: () => Amount
  isPausing: boolean
  /** An instance waits for the model. A download that is neither needed nor asked for by a user is stopped. */
  needed: boolean
  asked: boolean
  ended: Promise<void>
}

/** Why no source delivered the model. */
interface Failure {
  readonly why: CodedText
  readonly retryAfterMs: number
}

const failed = (amount: Amount, why: CodedText | string): Download => ({
  ...{ status: 'Failed', ...amount },
  ...(typeof why === 'string' ? { error: why } : { error: inEnglish(why), coded: why }),
})

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const retryAfterOf = (error: unknown): number =>
  error instanceof Error && 'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0

/**
 * Downloads models to this machine: from other machines that have them, else from the hub. Retries with backoff until
 * done and resumes where it was interrupted.
 */
export class Fetcher {
  private readonly fetching = new Map<ModelId, Fetching>()
  /** Downloads paused by the user, with their progress. */
  private readonly paused = new Map<ModelId, Amount>()

  constructor(private readonly options: FetcherOptions) {}

  /** An instance here needs the model. A download paused by the user stays paused. */
  need(modelId: ModelId): void {
    if (this.paused.has(modelId)) return
    const one = this.begin(modelId)
    if (one) one.needed = true
  }

  /** No instance here needs the model any more. Partial files stay, to resume from. */
  release(modelId: ModelId): void {
    const one = this.fetching.get(modelId)
    if (!one) return
    one.needed = false
    if (!one.asked) one.stop.abort()
  }

  /** Downloads a model for the user, also across restarts; resumes it if paused. */
  async ask(modelId: ModelId): Promise<void> {
    const partial = this.partialOf(modelId)
    await partial?.keepAskedFor()
    await partial?.dropPaused()
    const paused = this.paused.get(modelId)
    this.paused.delete(modelId)
    // Its source may take long to answer, and until then nothing else would tell that it is no longer paused.
    if (paused) this.options.onProgress(modelId, { status: 'Ongoing', ...paused })
    const one = this.begin(modelId)
    if (one) one.asked = true
  }

  /** Pauses a download until it is asked for again, also across restarts. Resolves with whether there was one. */
  async pause(modelId: ModelId): Promise<boolean> {
    const one = this.fetching.get(modelId)
    const partial = this.partialOf(modelId)
    if (this.paused.has(modelId)) return true
    if (!one || !partial) return false
    one.isPausing = true
    const { totalBytes } = one.amount()
    if (one.asked) await partial.keepAskedFor()
    await partial.keepPaused(totalBytes)
    one.stop.abort()
    await one.ended
    const amount = await partial.paused()
    // Undefined if it completed before it could be paused.
    if (amount) this.markPaused(modelId, amount)
    return true
  }

  isPaused(modelId: ModelId): boolean {
    return this.paused.has(modelId)
  }

  isFetching(modelId: ModelId): boolean {
    return this.fetching.has(modelId)
  }

  /** Cancels a download and deletes its partial files. Resolves with whether there were any. */
  async cancel(modelId: ModelId): Promise<boolean> {
    const one = this.fetching.get(modelId)
    one?.stop.abort()
    await one?.ended
    const partial = this.partialOf(modelId)
    const existed = (await partial?.exists()) ?? false
    await partial?.remove()
    this.paused.delete(modelId)
    this.options.onProgress(modelId, undefined)
    return existed || one !== undefined
  }

  /** At start: finishes interrupted deletions and resumes what the user asked for. */
  async resume(): Promise<void> {
    await finishRemovals(this.options.modelsDir).catch((error: unknown) =>
      this.options.log.warn(
        { reason: messageOf(error) },
        'the files of a deleted model could not be removed from the disk',
      ),
    )
    for (const modelId of await partialModels(this.options.modelsDir)) {
      const partial = this.partialOf(modelId)
      const amount = await partial?.paused()
      if (amount) this.markPaused(modelId, amount)
      else if (await partial?.isAskedFor()) await this.ask(modelId)
    }
  }

  /** Reports paused downloads again, because a new master has no record of them. */
  reportPaused(): void {
    for (const [modelId, amount] of this.paused) this.markPaused(modelId, amount)
  }

  private markPaused(modelId: ModelId, amount: Amount): void {
    this.paused.set(modelId, amount)
    this.options.onProgress(modelId, { status: 'Pending', paused: true, ...amount })
  }

  async close(): Promise<void> {
    const all = [...this.fetching.values()]
    for (const { stop } of all) stop.abort()
    await Promise.all(all.map(({ ended }) => ended))
  }

  private partialOf(modelId: ModelId): PartialModel | undefined {
    const { modelsDir } = this.options
    const place = ownPlace(modelsDir, modelId)
    return place && new PartialModel(modelsDir, place)
  }

  private begin(modelId: ModelId): Fetching | undefined {
    const known = this.fetching.get(modelId)
    if (known && !known.stop.signal.aborted) return known
    const partial = this.partialOf(modelId)
    if (!partial) {
      const amount = { downloadedBytes: 0, totalBytes: 0 }
      this.options.onProgress(modelId, failed(amount, coded('downloads.badName', { model: modelId })))
      return undefined
    }
    const stop = new AbortController()
    const one: Fetching = {
      ...{ partial, stop, needed: false, asked: false, isPausing: false, ended: Promise.resolve() },
      amount: () => ({ downloadedBytes: 0, totalBytes: 0 }),
    }
    // Wait for the previous run to stop: it may still hold the files.
    one.ended = (known?.ended ?? Promise.resolve())
      .then(() => this.run(modelId, one))
      .finally(() => {
        if (this.fetching.get(modelId) === one) this.fetching.delete(modelId)
      })
    this.fetching.set(modelId, one)
    return one
  }

  private async run(modelId: ModelId, one: Fetching): Promise<void> {
    const {
      partial,
      stop: { signal },
    } = one
    const { onProgress, onComplete, log, wait = sleep } = this.options
    const progress = new Progress((download) => {
      if (!signal.aborted) onProgress(modelId, download)
    })
    one.amount = () => progress.downloaded
    try {
      const paused = await partial.paused()
      if (paused) return this.markPaused(modelId, paused)
      let pause = FIRST_PAUSE_MS
      while (!signal.aborted) {
        const before = progress.downloaded.downloadedBytes
        const failure = await this.tryAll(modelId, { partial, progress, signal })
        if (failure === undefined) {
          progress.end()
          const error = await onComplete(modelId)
          // Not retried: the same bytes would arrive again.
          if (error !== undefined) onProgress(modelId, failed(progress.downloaded, error))
          return
        }
        if (signal.aborted) break
        // Progress resets the backoff.
        if (progress.downloaded.downloadedBytes > before) pause = FIRST_PAUSE_MS
        onProgress(modelId, failed(progress.downloaded, failure.why))
        await wait(Math.max(pause, failure.retryAfterMs), signal)
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
      }
      if (!one.isPausing) onProgress(modelId, undefined)
    } catch (error) {
      log.warn({ modelId, reason: messageOf(error) }, 'a download failed unexpectedly')
      // Whoever waits for it would see it as running for ever.
      if (!one.isPausing)
        onProgress(modelId, signal.aborted ? undefined : failed(progress.downloaded, textOfError(error)))
    } finally {
      progress.end()
    }
  }

  /** Tries peers first, then the hub; resolves with undefined once the model is here. */
  private async tryAll(
    modelId: ModelId,
    attempt: { readonly partial: PartialModel; readonly progress: Progress; readonly signal: AbortSignal },
  ): Promise<Failure | undefined> {
    const {
      peers,
      hub,
      waiting,
      freeBytes,
      keepFreeBytes,
      limit,
      onProgress,
      onBrought,
      log,
      wait = sleep,
    } = this.options
    const { pieceBytes = PIECE_BYTES } = this.options
    const { partial, progress, signal } = attempt
    const failures: (CodedText | string)[] = []
    let retryAfterMs = 0
    /** Whether the hub's error is permanent. */
    let isLasting = false
    const isWaiting = waiting(modelId)
    const tryFrom = async (source: Source): Promise<boolean> => {
      try {
        const { revision, ...brought } = await partial.bring({
          source,
          progress,
          limit,
          pieceBytes,
          signal,
          freeBytes,
          keepFreeBytes,
        })
        log.info({ modelId, from: source.name }, 'fetched a model')
        if (revision !== undefined) await onBrought?.({ modelId, revision, ...brought })
        return true
      } catch (error) {
        const reason = messageOf(error)
        const why = textOfError(error)
        const isNamed = reason.includes(source.name)
        failures.push(isNamed ? why : coded('downloads.from', { source: source.name, reason: clauses(why) }))
        retryAfterMs = retryAfterOf(error)
        isLasting = error instanceof Error && 'isTransient' in error && error.isTransient === false
        if (!signal.aborted) log.warn({ modelId, from: source.name, reason }, 'fetching a model was interrupted')
        return false
      }
    }
    for (;;) {
      for (const peer of peers(modelId)) {
        if (signal.aborted) return { why: coded('downloads.notWanted'), retryAfterMs }
        if (await tryFrom(peer)) return undefined
      }
      if (signal.aborted || !isWaiting()) break
      onProgress(modelId, { status: 'Pending', ...progress.downloaded })
      await wait(POLL_MS, signal)
    }
    const hadNoPeer = failures.length === 0
    if (!signal.aborted && (await tryFrom(hub(modelId)))) return undefined
    // The actionable reason first: the machine that has the model can be started.
    const away = hadNoPeer ? this.options.away(modelId) : undefined
    if (away !== undefined) failures.unshift(away)
    else if (hadNoPeer && isLasting) failures.unshift(coded('downloads.nobodyHasIt'))
    return { why: coded('downloads.reasons', { reasons: clauses(...failures) }), retryAfterMs }
  }
}
