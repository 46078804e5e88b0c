import { z } from 'zod'

/** A token's text and natural-log probability. `bytes` is its UTF-8, for tokens that are part of a character. */
export const TokenLogprob = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.number().int()).optional(),
})
export type TokenLogprob = z.infer<typeof TokenLogprob>

/** A token with the alternatives that were considered, best first. */
export const LogprobEntry = TokenLogprob.extend({ top: z.array(TokenLogprob) })
export type LogprobEntry = z.infer<typeof LogprobEntry>

export const FinishReason = z.enum(['stop', 'length', 'cancelled'])
export type FinishReason = z.infer<typeof FinishReason>

/** Token counts of one request. `cachedTokens` of the prompt needed no computing. */
export const Usage = z.object({
  promptTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
})
export type Usage = z.infer<typeof Usage>

/** Why a request failed; the dialects turn the code into their own error types. */
export const GenerationErrorCode = z.enum([
  'context_length_exceeded',
  'invalid_request',
  'unsupported',
  'model_not_found',
  'model_unavailable',
  'runner_failed',
])
export type GenerationErrorCode = z.infer<typeof GenerationErrorCode>

/** What comes back for one request, in order: any number of `progress` and `delta`, then one `finished` or `failed`. */
export const GenerationUpdate = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), processed: z.number().int(), total: z.number().int() }),
  z.object({
    type: z.literal('delta'),
    /** May be empty: a token that is part of a character, or may yet become a stop string. */
    text: z.string(),
    /** Tokens this delta stands for. */
    tokens: z.number().int().nonnegative(),
    logprobs: z.array(LogprobEntry).optional(),
  }),
  z.object({
    type: z.literal('finished'),
    reason: FinishReason,
    usage: Usage,
    /** The stop string that ended it, if one did. */
    stopSequence: z.string().optional(),
    /** Seconds from the runner's receipt to the first token, and generated tokens per second after it. */
    timings: z.object({ firstToken: z.number(), tokensPerSecond: z.number() }).optional(),
  }),
  z.object({ type: z.literal('failed'), code: GenerationErrorCode, message: z.string() }),
])
export type GenerationUpdate = z.infer<typeof GenerationUpdate>
