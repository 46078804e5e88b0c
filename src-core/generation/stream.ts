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

/** Why an answer ended. `toolCalls`: it ends with calls that the client is to carry out. */
export const FinishReason = z.enum(['stop', 'length', 'toolCalls', 'cancelled'])
export type FinishReason = z.infer<typeof FinishReason>

/** Token counts. `cachedTokens` of the prompt needed no computing; `reasoningTokens` are part of the completion. */
export const Usage = z.object({
  promptTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
  reasoningTokens: z.number().int().nonnegative().optional(),
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
  /** Too many requests wait for the instance. */
  'overloaded',
  /** Too many requests of this key wait for the instance. */
  'too_many_requests',
  /** Runners died while they were answering it; it is not run again for a while. */
  'ended_runners',
])
export type GenerationErrorCode = z.infer<typeof GenerationErrorCode>

/**
 * More of an answer, on the channel that it belongs to. The first delta of a tool call has its `id` and `name`; the
 * arguments of all deltas of one `index` together are the text of a JSON object, or the beginning of one where the
 * limit of tokens cut it. Calls are numbered from 0.
 */
export const ContentDelta = z.discriminatedUnion('channel', [
  z.object({ channel: z.literal('text'), text: z.string() }),
  z.object({ channel: z.literal('reasoning'), text: z.string() }),
  z.object({
    channel: z.literal('toolCall'),
    index: z.number().int().nonnegative(),
    id: z.string().optional(),
    name: z.string().optional(),
    arguments: z.string(),
  }),
])
export type ContentDelta = z.infer<typeof ContentDelta>

/** What the content says on the channels that are text. */
export const textOn = (channel: 'text' | 'reasoning', content: readonly ContentDelta[]): string =>
  content.map((delta) => (delta.channel === channel ? delta.text : '')).join('')

/** The vector of the input at `index` of a request, as base64 of little-endian 32-bit floats. */
export const Embedding = z.object({ index: z.number().int().nonnegative(), vector: z.base64() })
export type Embedding = z.infer<typeof Embedding>

/** What comes back for one request, in order: any number of `progress`, `delta` and `embeddings`, then one `finished` or `failed`. */
export const GenerationUpdate = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    processed: z.number().int(),
    /** Tokens of the prompt; an estimate while the request is queued. */
    total: z.number().int(),
    /** Requests ahead of this one in the queue, while it has not begun. Older machines ignore it. */
    ahead: z.number().int().nonnegative().optional(),
  }),
  z.object({
    type: z.literal('delta'),
    /** May be empty: for a token that is part of a character, or may yet become a stop string. */
    content: z.array(ContentDelta),
    /** Tokens this delta stands for. */
    tokens: z.number().int().nonnegative(),
    logprobs: z.array(LogprobEntry).optional(),
  }),
  /** Embeddings of some of the request's inputs. */
  z.object({ type: z.literal('embeddings'), items: z.array(Embedding) }),
  z.object({
    type: z.literal('finished'),
    reason: FinishReason,
    usage: Usage,
    /** The stop string that ended it, if one did. */
    stopSequence: z.string().optional(),
    /** Seconds from the runner's receipt to the first token, and generated tokens per second after it. */
    timings: z.object({ firstToken: z.number(), tokensPerSecond: z.number() }).optional(),
  }),
  z.object({
    type: z.literal('failed'),
    code: GenerationErrorCode,
    message: z.string(),
    /** Seconds after which it is worth trying again, where that is known. */
    retryAfter: z.number().int().positive().optional(),
  }),
])
export type GenerationUpdate = z.infer<typeof GenerationUpdate>
