import { z } from 'zod'
import { TokenNumber } from '@core/generation/request'
import { RequestedModel } from '../../requested-model'
import { Choices } from '../choices'
import { samplingFields, Stop, TokenLimit } from '../sampling'
import { guidedFields } from '../structured-output'
import { ttlField } from '../ttl'

/** Maximum prompts per request. */
const MAX_PROMPTS = 64
const PROMPTS = `expected text, a list of 1 to ${MAX_PROMPTS} texts, a list of token numbers, or a list of 1 to ${MAX_PROMPTS} such lists`
const Tokens = z.array(TokenNumber).min(1)

/**
 * `POST /v1/completions`, see https://platform.openai.com/docs/api-reference/completions/create. The model continues
 * the raw prompt, without a chat template.
 */
export const CompletionRequest = z.object({
  model: RequestedModel,
  prompt: z.union(
    [z.string(), z.array(z.string()).min(1).max(MAX_PROMPTS), Tokens, z.array(Tokens).min(1).max(MAX_PROMPTS)],
    { error: PROMPTS },
  ),
  ...samplingFields,
  ...ttlField,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: Stop.nullish(),
  /** OpenAI's default is 16. */
  max_tokens: TokenLimit.nullish(),
  /** Number of alternatives per token. */
  logprobs: z.number().int().min(0).max(20).nullish(),
  n: Choices.nullish(),
  ...guidedFields,
  echo: z.boolean().nullish(),
  best_of: z.number().int().min(1).nullish(),
  suffix: z.literal('', { error: 'suffix is not supported: put the text before and after into the prompt' }).nullish(),
  user: z.unknown().optional(),
})
export type CompletionRequest = z.infer<typeof CompletionRequest>
