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
  /** Whether it accepts images, when a single machine runs the whole model. Absent: text only. */
  vision: z.boolean().optional(),
  hiddenSize: z.number().int().positive(),
  /** Tokens the model was trained for. */
  contextLength: z.number().int().positive().optional(),
  supportsTensor: z.boolean(),
  supportsPipeline: z.boolean(),
  /** The draft model declared for speculative decoding; it runs unsharded, on rank 0. */
  draft: z.object(sizes).optional(),
  /** The declared adapter; its bytes are included in `storageBytes`. */
  adapterId: ModelId.optional(),
})
export type ModelCard = z.infer<typeof ModelCard>

/** What placement needs to know about a LoRA adapter. An adapter changes a model and is not itself one. */
export const AdapterCard = z.object({ modelId: ModelId, storageBytes: Bytes })
export type AdapterCard = z.infer<typeof AdapterCard>

/**
 * Why a model cannot run: `damaged` if a file is missing or incomplete, which a new download may cure; `unsupported` if
 * its files are complete but this version cannot run them.
 */
export const ModelProblemCode = z.enum(['damaged', 'unsupported'])
export type ModelProblemCode = z.infer<typeof ModelProblemCode>

/** Joins a card with another one. Memoized: the same two cards always give the same object. */
const joiner = <Other extends object>(join: (card: ModelCard, other: Other) => ModelCard) => {
  const joined = new WeakMap<ModelCard, WeakMap<Other, ModelCard>>()
  return (card: ModelCard, other: Other | undefined): ModelCard => {
    if (!other) return card
    const known = joined.get(card) ?? new WeakMap<Other, ModelCard>()
    joined.set(card, known)
    const both = known.get(other) ?? join(card, other)
    known.set(other, both)
    return both
  }
}

/** Adds the declared draft model to a model's card. */
export const withDraft = joiner((card, { modelId, storageBytes, layers, kvHeads, headDim }: ModelCard) => ({
  ...card,
  draft: { modelId, storageBytes, layers, kvHeads, ...(headDim !== undefined && { headDim }) },
}))

/** Adds an adapter to a model's card: its weights are stored, read and sharded together with the model's own. */
export const withAdapter = joiner((card, { modelId, storageBytes }: AdapterCard) => ({
  ...card,
  storageBytes: card.storageBytes + storageBytes,
  adapterId: modelId,
}))
