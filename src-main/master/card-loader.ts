import type { ModelId } from '@core/ids'
import { CARD_TIME_LIMIT_MS, CARD_TIMED_OUT, type CardLoad, type CardResult, CardShelf } from '@core/reconcile/index'
import type { Cancel, Timers } from '@core/time/timers'

export interface CardLoaderOptions {
  /** Reads a model card from the hub or a local folder. */
  readonly load: (modelId: ModelId) => Promise<CardResult>
  /** A load has ended, or the cards were invalidated: a reconcile pass is due. */
  readonly onResult: () => void
  readonly now: () => number
  readonly timers: Pick<Timers, 'after'>
}

/** Loads model cards in the background for reconcile passes. `CardShelf` decides what to load and when. */
export class CardLoader {
  private readonly shelf = new CardShelf()

  constructor(private readonly options: CardLoaderOptions) {}

  /** Results by model id, failed loads included. */
  cards(): Record<string, CardResult> {
    return this.shelf.cards()
  }

  /** Starts to load a card, unless it is loaded, loading or in backoff. */
  need(modelId: ModelId): void {
    const load = this.shelf.begin(modelId, this.options.now())
    if (load) void this.load(load)
  }

  /** Drops all cards. Call it when the models on this machine have changed. */
  invalidate(): void {
    this.shelf.clear()
    this.options.onResult()
  }

  private async load(load: CardLoad): Promise<void> {
    let cancel: Cancel = () => undefined
    const limit = new Promise<CardResult>((resolve) => {
      cancel = this.options.timers.after(CARD_TIME_LIMIT_MS, () =>
        resolve({ status: 'failed', reason: CARD_TIMED_OUT }),
      )
    })
    const answer = this.options.load(load.modelId).catch((error: unknown): CardResult => ({
      status: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }))
    const result = await Promise.race([answer, limit])
    cancel()
    if (this.shelf.finish(load, result, this.options.now())) this.options.onResult()
  }
}
