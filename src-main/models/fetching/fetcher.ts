import type { ModelId } from '@core/ids'
import type { Download } from '@core/state/downloads'
import { finishRemovals } from '../../disk/removal'
import { ownPlace, partialModels } from '../own-store'
import { PartialModel, type Amount, type Brought } from './partial'
import { passing } from './passing'
import { Progress } from './progress'
import type { RateLimit } from './rate-limit'
import type { Source } from './source'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Whoever waits for another machine looks again this often. */
const LOOK_EVERY_MS = 1000
/** Of a file that is fetched by several requests at a time; smaller ones would be more requests than hubs like. */
const PIECE_BYTES = 32 * 1024 * 1024

export interface FetcherOptions {
  /** `<data-dir>/models` */
  readonly modelsDir: string
  /** Other machines that have the model and can be asked now, the best first. */
  readonly peers: (modelId: ModelId) => readonly Source[]
  readonly hub: (modelId: ModelId) => Source
  /** Machines that had the model and are away, in a sentence; undefined where none is known. */
  readonly away: (modelId: ModelId) => string | undefined
  /** Says, again and again, whether another machine is bringing the model from the hub, for this one to copy it. */
  readonly waiting: (modelId: ModelId) => () => boolean
  readonly freeBytes: (directory: string) => Promise<number | undefined>
  /** What people want to keep free on the disk, in bytes. */
  readonly keepFreeBytes: () => number
  /** One for all downloads of a node. */
  readonly limit: RateLimit
  /** A test has smaller ones. */
  readonly pieceBytes?: number
  /** Without a download nothing of it is here any more, and none is under way. */
  readonly onProgress: (modelId: ModelId, download: Download | undefined) => void
  /** All of it came, and the commit that it is of is known. Never rejects. */
  readonly onBrought?: (model: Omit<Brought, 'revision'> & { modelId: ModelId; revision: string }) => Promise<void>
  /** All of it is here. Says what is wrong with it, if anything is. */
  readonly onComplete: (modelId: ModelId) => Promise<string | undefined>
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void }
  /** Lets time pass; a test has its own. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

interface Fetching {
  readonly partial: PartialModel
  readonly stop: AbortController
  /** How far it is. */
  amount: () => Amount
  isPausing: boolean
  /** An instance waits for it; what nobody waits for ends, unless a person asked for it. */
  needed: boolean
  asked: boolean
  ended: Promise<void>
}

/** Why one source after the other did not give it. */
interface Failure {
  readonly text: string
  readonly retryAfterMs: number
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const retryAfterOf = (error: unknown): number =>
  error instanceof Error && 'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : 0

/**
 * Brings models to this machine: from other machines that have them, else from the hub, each as often as it takes, and
 * always going on where it was interrupted.
 */
export class Fetcher {
  private readonly fetching = new Map<ModelId, Fetching>()
  /** Those that a person paused, and how far they are. */
  private readonly paused = new Map<ModelId, Amount>()

  constructor(private readonly options: FetcherOptions) {}

  /** An instance here needs the model. What a person paused waits for that person. */
  need(modelId: ModelId): void {
    if (this.paused.has(modelId)) return
    const one = this.begin(modelId)
    if (one) one.needed = true
  }

  /** No instance here waits for it any more; what is here of it stays, to go on from. */
  release(modelId: ModelId): void {
    const one = this.fetching.get(modelId)
    if (!one) return
    one.needed = false
    if (!one.asked) one.stop.abort()
  }

  /** A person wants the model here: it is brought also after a restart, and if it was paused, goes on. */
  async ask(modelId: ModelId): Promise<void> {
    const partial = this.partialOf(modelId)
    await partial?.keepAskedFor()
    await partial?.dropPaused()
    this.paused.delete(modelId)
    const one = this.begin(modelId)
    if (one) one.asked = true
  }

  /** A person wants it to stand still, also after a restart, until it is asked for again. Says whether it was coming. */
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
    // It had arrived before it could be paused.
    if (amount) this.standStill(modelId, amount)
    return true
  }

  isPaused(modelId: ModelId): boolean {
    return this.paused.has(modelId)
  }

  isFetching(modelId: ModelId): boolean {
    return this.fetching.has(modelId)
  }

  /** Nobody wants it any more: what is here of it goes. Says whether there was anything. */
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

  /** Goes on with what people asked for before this start. */
  async resume(): Promise<void> {
    await finishRemovals(this.options.modelsDir).catch((error: unknown) =>
      this.options.log.warn({ reason: messageOf(error) }, 'what was deleted could not be removed from the disk'),
    )
    for (const modelId of await partialModels(this.options.modelsDir)) {
      const partial = this.partialOf(modelId)
      const amount = await partial?.paused()
      if (amount) this.standStill(modelId, amount)
      else if (await partial?.isAskedFor()) await this.ask(modelId)
    }
  }

  /** Says it again: a new master knows nothing of what stands still. */
  tellPaused(): void {
    for (const [modelId, amount] of this.paused) this.standStill(modelId, amount)
  }

  private standStill(modelId: ModelId, amount: Amount): void {
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
      const error = `${modelId} is no name that a model can be fetched by: it has to be OWNER/NAME`
      this.options.onProgress(modelId, { status: 'Failed', downloadedBytes: 0, totalBytes: 0, error })
      return undefined
    }
    const stop = new AbortController()
    const one: Fetching = {
      ...{ partial, stop, needed: false, asked: false, isPausing: false, ended: Promise.resolve() },
      amount: () => ({ downloadedBytes: 0, totalBytes: 0 }),
    }
    // One that is being ended may still hold its files.
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
    const { onProgress, onComplete, log, wait = passing } = this.options
    const progress = new Progress((download) => {
      if (!signal.aborted) onProgress(modelId, download)
    })
    one.amount = () => progress.downloaded
    try {
      const paused = await partial.paused()
      if (paused) return this.standStill(modelId, paused)
      let pause = FIRST_PAUSE_MS
      while (!signal.aborted) {
        const before = progress.downloaded.downloadedBytes
        const failure = await this.tryAll(modelId, { partial, progress, signal })
        if (failure === undefined) {
          progress.end()
          const error = await onComplete(modelId)
          // To fetch the same once more would help nobody.
          if (error !== undefined) onProgress(modelId, { status: 'Failed', ...progress.downloaded, error })
          return
        }
        if (signal.aborted) break
        // One that gets on is not to wait for long.
        if (progress.downloaded.downloadedBytes > before) pause = FIRST_PAUSE_MS
        onProgress(modelId, { status: 'Failed', ...progress.downloaded, error: failure.text })
        await wait(Math.max(pause, failure.retryAfterMs), signal)
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
      }
      if (!one.isPausing) onProgress(modelId, undefined)
    } catch (error) {
      log.warn({ modelId, reason: messageOf(error) }, 'bringing a model here failed unexpectedly')
    } finally {
      progress.end()
    }
  }

  /** Peers first, then the hub; undefined when the model is here. */
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
      wait = passing,
    } = this.options
    const { pieceBytes = PIECE_BYTES } = this.options
    const { partial, progress, signal } = attempt
    const failures: string[] = []
    let retryAfterMs = 0
    /** Nothing will change by itself. */
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
        failures.push(reason.includes(source.name) ? reason : `${source.name}: ${reason}`)
        retryAfterMs = retryAfterOf(error)
        isLasting = error instanceof Error && 'isPassing' in error && error.isPassing === false
        if (!signal.aborted) log.warn({ modelId, from: source.name, reason }, 'fetching a model was interrupted')
        return false
      }
    }
    for (;;) {
      for (const peer of peers(modelId)) {
        if (signal.aborted) return { text: 'it is not wanted any more', retryAfterMs }
        if (await tryFrom(peer)) return undefined
      }
      if (signal.aborted || !isWaiting()) break
      onProgress(modelId, { status: 'Pending', ...progress.downloaded })
      await wait(LOOK_EVERY_MS, signal)
    }
    const nobody = failures.length === 0
    if (!signal.aborted && (await tryFrom(hub(modelId)))) return undefined
    // What a person can act on comes first: the machine that has it can be started.
    const away = nobody ? this.options.away(modelId) : undefined
    if (away !== undefined) failures.unshift(away)
    else if (nobody && isLasting) failures.unshift('no machine that is connected has it')
    return { text: failures.join('; '), retryAfterMs }
  }
}
