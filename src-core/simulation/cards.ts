import type { ModelId } from '../ids'
import type { ModelCard } from '../placement/model-card'
import { CARD_TIME_LIMIT_MS, CARD_TIMED_OUT, type CardResult, CardShelf } from '../reconcile/index'
import type { VirtualClock } from '../time/virtual-clock'
import type { CardMode, Scenario } from './scenario'

/** How long loading a card takes. */
const CARD_MS = 10

export interface CardsOptions {
  readonly clock: Pick<VirtualClock, 'now' | 'at' | 'after'>
  readonly onAsk: (modelId: ModelId) => void
  readonly onAnswer: (modelId: ModelId, result: CardResult) => void
  /** A result has arrived, or the backoff of a failed load has ended. */
  readonly onResult: () => void
}

/** The results of loading model cards. */
export class ModelAnswers {
  /** In milliseconds. */
  readonly takes = CARD_MS
  private readonly known = new Map<ModelId, ModelCard>()
  private readonly modes = new Map<ModelId, { mode: CardMode; error: string | undefined }>()

  constructor(models: Scenario['models']) {
    for (const [name, model] of Object.entries(models)) {
      const modelId = name as ModelId
      this.known.set(modelId, { modelId, ...model })
    }
  }

  /** The card of a model, without loading it. */
  card(modelId: ModelId): ModelCard | undefined {
    return this.known.get(modelId)
  }

  setMode(modelId: ModelId, mode: CardMode, error: string | undefined): void {
    this.modes.set(modelId, { mode, error })
  }

  /** Undefined if no answer comes. */
  of(modelId: ModelId): CardResult | undefined {
    const { mode, error } = this.modes.get(modelId) ?? { mode: 'ok' }
    if (mode === 'hang') return undefined
    const card = this.known.get(modelId)
    if (mode === 'error') return { status: 'failed', reason: error ?? 'error' }
    return card ? { status: 'loaded', card } : { status: 'failed', reason: `${modelId} is unknown` }
  }
}

/** Simulated model cards, in the cache that production uses (`CardShelf`). */
export class SimulatedCards {
  readonly shelf = new CardShelf()
  private readonly answers: ModelAnswers

  constructor(
    models: Scenario['models'],
    private readonly options: CardsOptions,
  ) {
    this.answers = new ModelAnswers(models)
  }

  /** The card of a model, without loading it. */
  card(modelId: ModelId): ModelCard | undefined {
    return this.answers.card(modelId)
  }

  setMode(modelId: ModelId, mode: CardMode, error: string | undefined): void {
    this.answers.setMode(modelId, mode, error)
  }

  need(modelId: ModelId): void {
    const { clock } = this.options
    const load = this.shelf.begin(modelId, clock.now())
    if (!load) return
    this.options.onAsk(modelId)
    const finish = (result: CardResult): void => {
      if (!this.shelf.finish(load, result, clock.now())) return
      this.options.onAnswer(modelId, result)
      const retryAt = this.shelf.retryAt(modelId)
      if (retryAt !== undefined) clock.at(retryAt, this.options.onResult)
      this.options.onResult()
    }
    const result = this.answers.of(modelId)
    if (result) clock.after(CARD_MS, () => finish(result))
    else clock.after(CARD_TIME_LIMIT_MS, () => finish({ status: 'failed', reason: CARD_TIMED_OUT }))
  }
}
