import type { ModelId } from '../ids'
import { withAdapter, withDraft, type ModelCard } from '../placement/model-card'
import type { Constraints } from '../state/meta-instances'
import type { CardResult, ReconcileInputs } from './process-manager'

/** The combined card of a declaration, or the model whose card is missing and the reason, if known. */
export type DeclaredCard =
  | { readonly status: 'loaded'; readonly card: ModelCard }
  | { readonly status: 'missing'; readonly modelId: ModelId; readonly reason?: string }

/** Why a result is no usable base model (or adapter); undefined while it is not loaded. */
const whyNot = (result: CardResult | undefined): string | undefined => {
  switch (result?.status) {
    case undefined:
      return undefined
    case 'failed':
      return result.reason
    case 'adapter':
      return 'it is a LoRA adapter and no model; name it as adapterId, beside the model that it changes'
    case 'loaded':
      return 'it is a model and no LoRA adapter'
  }
}

const missing = (modelId: ModelId, reason: string | undefined): DeclaredCard => ({
  status: 'missing',
  modelId,
  ...(reason !== undefined && { reason }),
})

/** Combines the cards of a declaration's model, adapter and draft model, or names the first missing one. */
export const declaredCard = (
  cards: ReconcileInputs['cards'],
  { modelId, draftModelId, adapterId }: Pick<Constraints, 'modelId' | 'draftModelId' | 'adapterId'>,
): DeclaredCard => {
  const named = (id: ModelId): string | undefined => {
    const reason = whyNot(cards[id])
    return reason && `${id}: ${reason}`
  }
  const own = cards[modelId]
  if (own?.status !== 'loaded') return missing(modelId, whyNot(own))
  const adapter = adapterId === undefined ? undefined : cards[adapterId]
  if (adapterId !== undefined && adapter?.status !== 'adapter') return missing(adapterId, named(adapterId))
  const draft = draftModelId === undefined ? undefined : cards[draftModelId]
  if (draftModelId !== undefined && draft?.status !== 'loaded') return missing(draftModelId, named(draftModelId))
  const adapted = withAdapter(own.card, adapter?.status === 'adapter' ? adapter.card : undefined)
  return { status: 'loaded', card: withDraft(adapted, draft?.status === 'loaded' ? draft.card : undefined) }
}
