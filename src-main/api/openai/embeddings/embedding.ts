import type { ClientRequest, EmbedPrompt } from '@core/generation/request'
import { floatsOf, type Embeddings } from '../../answering/embeddings'
import type { EmbeddingRequest } from './schema'

const isTokens = (input: readonly (string | number | readonly number[])[]): input is readonly number[] =>
  typeof input[0] === 'number'

/** A single text or token list is one input. */
const inputsOf = ({ input }: EmbeddingRequest): EmbedPrompt['inputs'] => {
  if (typeof input === 'string') return [input]
  return isTokens(input) ? [[...input]] : input
}

/** Translates an OpenAI request into the internal form. */
export const toRequest = (
  body: EmbeddingRequest,
): Omit<ClientRequest, 'prompt'> & { readonly prompt: EmbedPrompt } => ({
  model: body.model,
  prompt: {
    kind: 'embed',
    inputs: inputsOf(body),
    ...(typeof body.dimensions === 'number' && { dimensions: body.dimensions }),
    ...(typeof body.prompt_name === 'string' && { promptName: body.prompt_name }),
  },
  sampling: {},
  stop: [],
})

export const toEmbeddings = (
  { model, encoding_format }: EmbeddingRequest,
  { vectors, usage: { promptTokens } }: Embeddings,
): object => ({
  object: 'list',
  data: vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: encoding_format === 'base64' ? vector : floatsOf(vector),
  })),
  model,
  usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
})
