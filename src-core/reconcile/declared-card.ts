import type { ModelId } from '../ids'
import { withDraft, type ModelCard } from '../placement/model-card'
import type { Constraints } from '../state/meta-instances'
import type { ReconcileInputs } from './process-manager'

/** The card of what is declared, or of which model it is missing: `reason` says why, where that is known. */
export type DeclaredCard =
  | { readonly status: 'loaded'; readonly card: ModelCard }
  | { readonly status: 'missing'; readonly modelId: ModelId; readonly reason?: string }

/** The card of a declared model with that of its draft, as far as they are at hand. */
export const declaredCard = (
  cards: ReconcileInputs['cards'],
  { modelId, draftModelId }: Pick<Constraints, 'modelId' | 'draftModelId'>,
): DeclaredCard => {
  const own = cards[modelId]
  if (own?.status !== 'loaded') return { status: 'missing', modelId, ...(own && { reason: own.reason }) }
  if (draftModelId === undefined) return own
  const draft = cards[draftModelId]
  if (draft?.status === 'loaded') return { status: 'loaded', card: withDraft(own.card, draft.card) }
  return { status: 'missing', modelId: draftModelId, ...(draft && { reason: `${draftModelId}: ${draft.reason}` }) }
}
