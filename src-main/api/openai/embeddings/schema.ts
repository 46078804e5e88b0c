import { z } from 'zod'

/** Most texts of one request, as OpenAI has it. */
const MAX_TEXTS = 2048
const ONLY_TEXT = 'only text is supported, as a string or a list of strings; token numbers are not'
const Text = z.string({ error: ONLY_TEXT }).min(1)

/** `POST /v1/embeddings`, see https://platform.openai.com/docs/api-reference/embeddings/create. */
export const EmbeddingRequest = z.object({
  model: z.string().min(1),
  input: z.union([Text, z.array(Text).min(1).max(MAX_TEXTS)], { error: ONLY_TEXT }),
  /** `base64`, which OpenAI's own clients ask for, is the vector as little-endian 32-bit floats. */
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.null({ error: 'not supported; the model decides how long its vectors are' }).optional(),
  user: z.unknown().optional(),
})
export type EmbeddingRequest = z.infer<typeof EmbeddingRequest>
