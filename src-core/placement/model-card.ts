import { z } from 'zod'
import { Bytes, ModelId } from '../ids'

/** `text` generates text; `embedding` turns texts into vectors. */
export const ModelKind = z.enum(['text', 'embedding'])
export type ModelKind = z.infer<typeof ModelKind>

const sizes = {
  modelId: ModelId,
  /** All weights in bytes, including those of the vision part. */
  storageBytes: Bytes,
  /** Decoder layers. */
  layers: z.number().int().positive(),
  kvHeads: z.number().int().positive(),
  headDim: z.number().int().positive().optional(),
}

/** What placement needs to know about a model. */
export const ModelCard = z.object({
  ...sizes,
  /** Absent: `text`. */
  kind: ModelKind.optional(),
  /** Whether it takes images too, if a single machine runs the whole model. Absent: text only. */
  vision: z.boolean().optional(),
  hiddenSize: z.number().int().positive(),
  /** Tokens the model was trained for. */
  contextLength: z.number().int().positive().optional(),
  supportsTensor: z.boolean(),
  supportsPipeline: z.boolean(),
  /** The draft model declared for speculative decoding; it runs whole, on rank 0. */
  draft: z.object(sizes).optional(),
})
export type ModelCard = z.infer<typeof ModelCard>

/**
 * Why a model cannot run: `damaged` if a file is missing or incomplete, which a new download may cure; `unsupported` if
 * its files are complete but this version cannot run them.
 */
export const ModelProblemCode = z.enum(['damaged', 'unsupported'])
export type ModelProblemCode = z.infer<typeof ModelProblemCode>

const withDrafts = new WeakMap<ModelCard, WeakMap<ModelCard, ModelCard>>()

/** Adds the draft's card to a model's card. Memoized: the same two cards always give the same object. */
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
