import { z } from 'zod'

/** A token's text and natural-log probability. `bytes` is its UTF-8, for tokens that hold only part of a character. */
export const TokenLogprob = z.object({
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.number().int()).optional(),
})
export type TokenLogprob = z.infer<typeof TokenLogprob>

/** A token with its top alternatives, most likely first. */
export const LogprobEntry = TokenLogprob.extend({ top: z.array(TokenLogprob) })
export type LogprobEntry = z.infer<typeof LogprobEntry>

/** Finish reason. `toolCalls`: the answer ends with tool calls for the client to execute. */
export const FinishReason = z.enum(['stop', 'length', 'toolCalls', 'cancelled'])
export type FinishReason = z.infer<typeof FinishReason>

/**
 * Token counts. `cachedTokens` are prompt tokens served from the cache; `reasoningTokens` are part of the completion.
 * The other optional ones are for metrics; older versions and versions that do not count omit them.
 */
export const Usage = z.object({
  promptTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  completionTokens: z.number().int().nonnegative(),
  reasoningTokens: z.number().int().nonnegative().optional(),
  /** Cached tokens that were read from this machine's disk; the rest was in memory. */
  diskTokens: z.number().int().nonnegative().optional(),
  /** Cached tokens that were read from the disk, copied from another machine before. */
  peerTokens: z.number().int().nonnegative().optional(),
  /** Draft tokens of speculative decoding that were verified. */
  draftTokens: z.number().int().nonnegative().optional(),
  /** Draft tokens that were accepted. */
  acceptedDraftTokens: z.number().int().nonnegative().optional(),
})
export type Usage = z.infer<typeof Usage>

/** Failure codes; each dialect maps them to its own error types. */
export const GenerationErrorCode = z.enum([
  'context_length_exceeded',
  'invalid_request',
  'unsupported',
  'model_not_found',
  'model_unavailable',
  'runner_failed',
  /** The instance's queue is full. */
  'overloaded',
  /** Too many requests of this key are queued on the instance. */
  'too_many_requests',
  /** Runners crashed while computing it, so it is not retried for a while. */
  'ended_runners',
])
export type GenerationErrorCode = z.infer<typeof GenerationErrorCode>

/**
 * A delta of an answer, on its channel. The first delta of a tool call has its `id` and `name`; the `arguments` of all
 * deltas of one `index` concatenated are the text of a JSON object, or a truncated one if the token limit was reached.
 * Calls are numbered from 0.
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

/** The text of a content delta, for channels that are text. */
export const textOn = (channel: 'text' | 'reasoning', content: readonly ContentDelta[]): string =>
  content.map((delta) => (delta.channel === channel ? delta.text : '')).join('')

/** The embedding of the input at `index`: little-endian 32-bit floats in base64. */
export const Embedding = z.object({ index: z.number().int().nonnegative(), vector: z.base64() })
export type Embedding = z.infer<typeof Embedding>

/**
 * The updates of one request, in order: any number of `progress`, `delta` and `embeddings`, then one `finished` or
 * `failed`.
 */
export const GenerationUpdate = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    processed: z.number().int(),
    /** Prompt tokens; an estimate while the request is queued. */
    total: z.number().int(),
    /** Prompt tokens served from the cache, reported when prefill begins. Older versions omit it. */
    cached: z.number().int().nonnegative().optional(),
    /** Requests ahead of this one in the queue, until it starts. Older versions ignore the field. */
    ahead: z.number().int().nonnegative().optional(),
  }),
  z.object({
    type: z.literal('delta'),
    /** May be empty, for a token that is part of a character or of a possible stop string. */
    content: z.array(ContentDelta),
    /** Number of tokens in this delta. */
    tokens: z.number().int().nonnegative(),
    logprobs: z.array(LogprobEntry).optional(),
  }),
  /** Embeddings of some of the request's inputs. */
  z.object({ type: z.literal('embeddings'), items: z.array(Embedding) }),
  z.object({
    type: z.literal('finished'),
    reason: FinishReason,
    usage: Usage,
    /** The stop string that was matched, if any. */
    stopSequence: z.string().optional(),
    /** Time to first token in seconds, measured from the runner's receipt, and tokens per second after it. */
    timings: z.object({ firstToken: z.number(), tokensPerSecond: z.number() }).optional(),
  }),
  z.object({
    type: z.literal('failed'),
    code: GenerationErrorCode,
    message: z.string(),
    /** Seconds to wait before a retry, where known. */
    retryAfter: z.number().int().positive().optional(),
  }),
])
export type GenerationUpdate = z.infer<typeof GenerationUpdate>
