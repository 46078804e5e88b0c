import { z } from 'zod'
import { MAX_EMBED_INPUTS } from '@core/generation/request'
import { RequestedModel } from '../../requested-model'

const FORMS = `must be a text, a list of 1 to ${MAX_EMBED_INPUTS} texts, a list of token numbers, or a list of 1 to ${MAX_EMBED_INPUTS} such lists`
const Text = z.string().min(1, { error: 'is empty; there is nothing to embed' })
const Tokens = z.array(z.number().int().nonnegative()).min(1)

/** `POST /v1/embeddings`, see https://platform.openai.com/docs/api-reference/embeddings/create. */
export const EmbeddingRequest = z.object({
  model: RequestedModel,
  input: z.union(
    [Text, z.array(Text).min(1).max(MAX_EMBED_INPUTS), Tokens, z.array(Tokens).min(1).max(MAX_EMBED_INPUTS)],
    { error: FORMS },
  ),
  /** `base64`, OpenAI's clients' default, encodes the vector as little-endian 32-bit floats. */
  encoding_format: z.enum(['float', 'base64']).nullish(),
  /** Output dimensions: the vector is cut to this length and normalised again. */
  dimensions: z.number().int().positive().nullish(),
  /** A prompt that the model's makers prepend to inputs, such as `query`: by its name in the model's files. */
  prompt_name: z.string().min(1).max(200).nullish(),
  user: z.unknown().optional(),
})
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>
