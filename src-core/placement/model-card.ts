import { z } from 'zod'
import { Bytes, ModelId } from '../ids'

/** `text`: it writes. `embedding`: it turns texts into vectors. */
export const ModelKind = z.enum(['text', 'embedding'])
export type ModelKind = z.infer<typeof ModelKind>

const sizes = {
  modelId: ModelId,
  /** All weights, in bytes: what looks at pictures as well. */
  storageBytes: Bytes,
  /** Decoder layers. */
  layers: z.number().int().positive(),
  kvHeads: z.number().int().positive(),
  headDim: z.number().int().positive().optional(),
}

/** What placing needs to know of a model. */
export const ModelCard = z.object({
  ...sizes,
  /** Absent: `text`. */
  kind: ModelKind.optional(),
  /** It reads pictures too, where one machine runs all of it. Absent: text alone. */
  vision: z.boolean().optional(),
  hiddenSize: z.number().int().positive(),
  /** Tokens the model was trained for. */
  contextLength: z.number().int().positive().optional(),
  supportsTensor: z.boolean(),
  supportsPipeline: z.boolean(),
  /** The model that is declared to guess for it: whole, beside rank 0. */
  draft: z.object(sizes).optional(),
})
export type ModelCard = z.infer<typeof ModelCard>

/**
 * Why a model cannot be run: `damaged` where a file is missing or not whole, which fetching it anew may mend;
 * `unsupported` where its files are whole and say something that cannot be run.
 */
export const ModelProblemCode = z.enum(['damaged', 'unsupported'])
export type ModelProblemCode = z.infer<typeof ModelProblemCode>

const withDrafts = new WeakMap<ModelCard, WeakMap<ModelCard, ModelCard>>()

/** A model's card with that of the draft that is declared for it; of the same two always the same. */
export const withDraft = (card: ModelCard, draft: ModelCard | undefined): ModelCard => {
  if (!draft) return card
  const known = withDrafts.get(card) ?? new WeakMap<ModelCard, ModelCard>()
  withDrafts.set(card, known)
  const { modelId, storageBytes, layers, kvHeads, headDim } = draft
  const both = known.get(draft) ?? {
    ...card,
    draft: { modelId, storageBytes, layers, kvHeads, ...(headDim !== undefined && { headDim }) },
  }
  known.set(draft, both)
  return both
}
