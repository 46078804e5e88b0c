import type { ModelId, Timestamp } from '../ids'
import type { CardResult } from './process-manager'

/** Time limit of one load; after it the load fails with `CARD_TIMED_OUT`. */
export const CARD_TIME_LIMIT_MS = 10_000
export const CARD_TIMED_OUT = 'no answer in 10 s'

const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 30_000

/** Backoff after consecutive failures: 1, 2, 4 … 30 s. */
const cardDelayMs = (failures: number): number =>
  Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 16))

interface Entry {
  result?: CardResult
  loading: boolean
  failures: number
  /** Earliest time of the next load. */
  notBefore: Timestamp
}

/** Handle of a running load, passed back to `finish` with the result. */
export type CardLoad = { readonly modelId: ModelId; readonly entry: object }

/**
 * Cache of model cards, which also decides what to load when: one load per model for all its declarations, repeated
 * with backoff after a failure. The loading itself happens outside.
 */
export class CardShelf {
  private readonly entries = new Map<ModelId, Entry>()

  /** Results by model id. */
  cards(): Record<string, CardResult> {
    const cards: Record<string, CardResult> = {}
    for (const [modelId, { result }] of this.entries) if (result) cards[modelId] = result
    return cards
  }

  /** Starts a load; undefined if the card is loaded, loading, or in backoff. */
  begin(modelId: ModelId, now: Timestamp): CardLoad | undefined {
    const entry = this.entries.get(modelId) ?? { loading: false, failures: 0, notBefore: 0 }
    this.entries.set(modelId, entry)
    if (entry.loading || (entry.result !== undefined && entry.result.status !== 'failed') || now < entry.notBefore)
      return undefined
    entry.loading = true
    return { modelId, entry }
  }

  /**
   * Stores the result of a load. Returns whether it was accepted: only the first result of a load is, and none after
   * `clear`.
   */
  finish({ modelId, entry }: CardLoad, result: CardResult, now: Timestamp): boolean {
    const known = this.entries.get(modelId)
    if (known !== entry || known === undefined || !known.loading) return false
    known.loading = false
    known.result = result
    known.failures = result.status === 'failed' ? known.failures + 1 : 0
    known.notBefore = result.status === 'failed' ? now + cardDelayMs(known.failures) : 0
    return true
  }

  /** When a failed card may be loaded again. */
  retryAt(modelId: ModelId): Timestamp | undefined {
    const entry = this.entries.get(modelId)
    return entry?.result?.status === 'failed' && !entry.loading ? entry.notBefore : undefined
  }

  isLoading(modelId: ModelId): boolean {
    return this.entries.get(modelId)?.loading ?? false
  }

  /** Drops all results and running loads: a running load may have read files that have changed since. */
  clear(): void {
    this.entries.clear()
  }
}
