import { z } from 'zod'
import { Bytes, ModelId } from '../ids'
import data from './recommended.json'

/**
 * The recommended models, each in all its quantisations. The data is one file; `build/catalogue/check.ts` checks that
 * the hub still has every entry, with its size.
 */

/** `vision`: the model also reads images. */
export const RecommendedAbility = z.enum(['tools', 'thinking', 'vision'])
export type RecommendedAbility = z.infer<typeof RecommendedAbility>

export const RecommendedModel = z.strictObject({
  modelId: ModelId,
  family: z.string().min(1),
  /** Title of the model, without the quantisation. */
  title: z.string().min(1),
  quantization: z.string().min(1),
  /** The `model_type` of its configuration. */
  architecture: z.string().min(1),
  /** Size of its weights. */
  sizeBytes: Bytes,
  /** Tokens. */
  contextLength: z.number().int().positive(),
  abilities: z.array(RecommendedAbility),
})
export type RecommendedModel = z.infer<typeof RecommendedModel>

export const RecommendedCatalogue = z.strictObject({
  schema: z.literal(1),
  source: z.url(),
  /** When ids and sizes were recorded. */
  date: z.iso.date(),
  note: z.string(),
  models: z.array(RecommendedModel).min(60),
})

export const recommendedCatalogue = (): z.infer<typeof RecommendedCatalogue> => RecommendedCatalogue.parse(data)
