import { z } from 'zod'
import { Bytes, ModelId } from '../ids'
import data from './recommended.json'

/**
 * Models that are worth a look, each in the quantisations that there are of it: one data file, of which
 * `build/catalogue/check.ts` tells whether the hub still has all of it and in these sizes.
 */

/** `vision`: the model reads pictures; Muster gives it text alone so far. */
export const RecommendedAbility = z.enum(['tools', 'thinking', 'vision'])
export type RecommendedAbility = z.infer<typeof RecommendedAbility>

export const RecommendedModel = z.strictObject({
  modelId: ModelId,
  family: z.string().min(1),
  /** Of the model, whatever its quantisation. */
  title: z.string().min(1),
  quantization: z.string().min(1),
  /** The `model_type` of its configuration. */
  architecture: z.string().min(1),
  /** Of its weights. */
  sizeBytes: Bytes,
  /** Tokens. */
  contextLength: z.number().int().positive(),
  abilities: z.array(RecommendedAbility),
})
export type RecommendedModel = z.infer<typeof RecommendedModel>

export const RecommendedCatalogue = z.strictObject({
  schema: z.literal(1),
  source: z.url(),
  /** When the ids and sizes were taken down. */
  date: z.iso.date(),
  note: z.string(),
  models: z.array(RecommendedModel).min(60),
})

export const recommendedCatalogue = (): z.infer<typeof RecommendedCatalogue> => RecommendedCatalogue.parse(data)
