import { z } from 'zod'
import { Bytes, ModelId } from '../ids'

/** `text`: it writes. `embedding`: it turns texts into vectors. */
export const ModelKind = z.enum(['text', 'embedding'])
export type ModelKind = z.infer<typeof ModelKind>

/** What placing needs to know of a model. */
export const ModelCard = z.object({
  modelId: ModelId,
  /** Absent: `text`. */
  kind: ModelKind.optional(),
  /** It reads pictures too, where one machine runs all of it. Absent: text alone. */
  vision: z.boolean().optional(),
  /** All weights, in bytes: what looks at pictures as well. */
  storageBytes: Bytes,
  /** Decoder layers. */
  layers: z.number().int().positive(),
  hiddenSize: z.number().int().positive(),
  kvHeads: z.number().int().positive(),
  headDim: z.number().int().positive().optional(),
  /** Tokens the model was trained for. */
  contextLength: z.number().int().positive().optional(),
  supportsTensor: z.boolean(),
  supportsPipeline: z.boolean(),
})
export type ModelCard = z.infer<typeof ModelCard>

/**
 * Why a model cannot be run: `damaged` where a file is missing or not whole, which fetching it anew may mend;
 * `unsupported` where its files are whole and say something that cannot be run.
 */
export const ModelProblemCode = z.enum(['damaged', 'unsupported'])
export type ModelProblemCode = z.infer<typeof ModelProblemCode>
