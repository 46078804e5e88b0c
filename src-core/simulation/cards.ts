import type { ModelId } from '../ids'
import type { ModelCard } from '../placement/model-card'
import { CARD_TIME_LIMIT_MS, cardBackOff } from '../reconcile/card-loading'
import type { CardResult } from '../reconcile/process-manager'

type Mode = { readonly kind: 'ok' } | { readonly kind: 'error'; readonly error: string } | { readonly kind: 'hang' }

interface Entry {
  result?: CardResult
  loading: boolean
  failures: number
  notBefore: number
}

export interface SimulatedCardsOptions {
  readonly cards: Readonly<Record<string, ModelCard>>
  readonly now: () => number
  /** Does something later, in virtual time. */
  readonly after: (milliseconds: number, act: () => void) => void
}

/** Where model cards come from: at once, with an error, or never. */
export class SimulatedCards {
  private readonly modes = new Map<string, Mode>()
  private entries = new Map<string, Entry>()

  constructor(private readonly options: SimulatedCardsOptions) {}

  set(modelId: ModelId, mode: Mode): void {
    this.modes.set(modelId, mode)
  }

  /** What the master has at hand. */
  atHand(): Record<string, CardResult> {
    return Object.fromEntries([...this.entries].flatMap(([id, { result }]) => (result ? [[id, result]] : [])))
  }

  /** The master that knew them is gone. */
  forget(): void {
    this.entries = new Map()
  }

  need(modelId: ModelId): void {
    const entry = this.entries.get(modelId) ?? { loading: false, failures: 0, notBefore: 0 }
    this.entries.set(modelId, entry)
    if (entry.loading || entry.result?.status === 'loaded' || this.options.now() < entry.notBefore) return
    entry.loading = true
    const mode = this.modes.get(modelId) ?? { kind: 'ok' }
    const settle = (result: CardResult): void => {
      entry.loading = false
      entry.result = result
      if (result.status === 'loaded') return
      const wait = cardBackOff(entry.failures)
      entry.failures += 1
      entry.notBefore = this.options.now() + wait
      // Somebody has to look again by then.
      this.options.after(wait, () => undefined)
    }
    switch (mode.kind) {
      case 'ok': {
        const card = this.options.cards[modelId]
        const result: CardResult = card
          ? { status: 'loaded', card }
          : { status: 'failed', reason: `there is no model ${modelId}` }
        this.options.after(0, () => settle(result))
        return
      }
      case 'error':
        this.options.after(0, () => settle({ status: 'failed', reason: mode.error }))
        return
      case 'hang':
        this.options.after(CARD_TIME_LIMIT_MS, () => settle({ status: 'failed', reason: 'no answer in 10 s' }))
        return
    }
  }
}
