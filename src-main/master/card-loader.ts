import type { ModelId } from '@core/ids'
import { CARD_TIME_LIMIT_MS, cardBackOff } from '@core/reconcile/card-loading'
import type { CardResult } from '@core/reconcile/process-manager'

interface Entry {
  result?: CardResult
  loading: boolean
  failures: number
  /** Not asked again before. */
  notBefore: number
}

export interface CardLoaderOptions {
  readonly load: (modelId: ModelId) => Promise<CardResult>
  /** A card came, or failed to: time for another pass. */
  readonly onResult: () => void
  readonly now: () => number
}

/** Loads model cards outside the pass: once for all declarations of a model, with a time limit and back-off. */
export class CardLoader {
  private readonly entries = new Map<ModelId, Entry>()

  constructor(private readonly options: CardLoaderOptions) {}

  /** What is at hand, by model. */
  cards(): Record<string, CardResult> {
    const cards: Record<string, CardResult> = {}
    for (const [modelId, { result }] of this.entries) if (result) cards[modelId] = result
    return cards
  }

  /** Sees to it that this card is loaded, unless it is or was tried just now. */
  need(modelId: ModelId): void {
    const entry = this.entries.get(modelId) ?? { loading: false, failures: 0, notBefore: 0 }
    this.entries.set(modelId, entry)
    if (entry.loading || entry.result?.status === 'loaded' || this.options.now() < entry.notBefore) return
    entry.loading = true
    void this.load(modelId, entry)
  }

  /** Forgets all cards: the models on this machine have changed. */
  invalidate(): void {
    // Also those that are being loaded: they may have read what is no longer there.
    this.entries.clear()
    this.options.onResult()
  }

  private async load(modelId: ModelId, entry: Entry): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<CardResult>((resolve) => {
      timer = setTimeout(() => resolve({ status: 'failed', reason: 'no answer in 10 s' }), CARD_TIME_LIMIT_MS)
    })
    const answer = this.options.load(modelId).catch((error: unknown): CardResult => ({
      status: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }))
    entry.result = await Promise.race([answer, limit])
    clearTimeout(timer)
    entry.loading = false
    if (entry.result.status === 'failed') {
      entry.notBefore = this.options.now() + cardBackOff(entry.failures)
      entry.failures += 1
    } else {
      entry.failures = 0
    }
    this.options.onResult()
  }
}
