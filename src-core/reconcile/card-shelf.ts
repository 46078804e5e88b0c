import type { ModelId, Timestamp } from '../ids'
import type { CardResult } from './process-manager'

/** A card that has not come by then will not: the reason is then `CARD_TIMED_OUT`. */
export const CARD_TIME_LIMIT_MS = 10_000
export const CARD_TIMED_OUT = 'no answer in 10 s'

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 30_000

/** How long a card is not asked for after so many failures in a row: 1, 2, 4 … 30 s. */
export const cardDelayMs = (failures: number): number =>
  Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 16))

interface Entry {
  result?: CardResult
  loading: boolean
  failures: number
  /** Not asked for again before. */
  notBefore: Timestamp
}

/** One load under way; given back with what it came to. */
export type CardLoad = { readonly modelId: ModelId; readonly entry: object }

/**
 * The model cards at hand, and which to load when: each once for all declarations of its model, again
 * with back-off after a failure. Loading itself is done outside.
 */
export class CardShelf {
  private readonly entries = new Map<ModelId, Entry>()

  /** What is at hand, by model. */
  cards(): Record<string, CardResult> {
    const cards: Record<string, CardResult> = {}
    for (const [modelId, { result }] of this.entries) if (result) cards[modelId] = result
    return cards
  }

  /** A load to begin now; undefined where the card is at hand, on its way, or was tried just now. */
  begin(modelId: ModelId, now: Timestamp): CardLoad | undefined {
    const entry = this.entries.get(modelId) ?? { loading: false, failures: 0, notBefore: 0 }
    this.entries.set(modelId, entry)
    if (entry.loading || (entry.result !== undefined && entry.result.status !== 'failed') || now < entry.notBefore)
      return undefined
    entry.loading = true
    return { modelId, entry }
  }

  /** What a load came to. Says whether it still counts: the first word does, and none after `clear`. */
  finish({ modelId, entry }: CardLoad, result: CardResult, now: Timestamp): boolean {
    const known = this.entries.get(modelId)
    if (known !== entry || known === undefined || !known.loading) return false
    known.loading = false
    known.result = result
    known.failures = result.status === 'failed' ? known.failures + 1 : 0
    known.notBefore = result.status === 'failed' ? now + cardDelayMs(known.failures) : 0
    return true
  }

  /** When a failed card may be asked for again. */
  retryAt(modelId: ModelId): Timestamp | undefined {
    const entry = this.entries.get(modelId)
    return entry?.result?.status === 'failed' && !entry.loading ? entry.notBefore : undefined
  }

  isLoading(modelId: ModelId): boolean {
    return this.entries.get(modelId)?.loading ?? false
  }

  /** Forgets everything, also what is under way: it may have read what is no longer there. */
  clear(): void {
    this.entries.clear()
  }
}
