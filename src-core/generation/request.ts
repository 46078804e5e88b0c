import { z } from 'zod'
import { ModelId, TaskId } from '../ids'
import { Message, Reasoning, Tool, ToolChoice } from './conversation'

/** A conversation, rendered with the model's chat template. */
export const ChatPrompt = z.strictObject({
  kind: z.literal('chat'),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).optional(),
  toolChoice: ToolChoice.optional(),
  /** At most one tool call per answer. */
  singleToolCall: z.boolean().optional(),
  reasoning: Reasoning.optional(),
  /** The last message is the beginning of the answer; the model continues it. */
  continueLast: z.boolean().optional(),
  /** Extra variables for the chat template, by name. */
  templateArguments: z.record(z.string(), z.unknown()).optional(),
})
export type ChatPrompt = z.infer<typeof ChatPrompt>

/** Maximum inputs of one embeddings request. */
export const MAX_EMBED_INPUTS = 2048

/** Inputs to embed, as text or as tokens. */
export const EmbedPrompt = z.strictObject({
  kind: z.literal('embed'),
  inputs: z
    .array(z.union([z.string(), z.array(z.number().int().nonnegative()).min(1)]))
    .min(1)
    .max(MAX_EMBED_INPUTS),
  /** Truncate inputs longer than the context; otherwise they are refused. */
  truncate: z.boolean().optional(),
  /** Output dimensions: each vector is cut to this length and normalised again. */
  dimensions: z.number().int().positive().optional(),
  /** Name of one of the model's own prompts, prepended to each input. */
  promptName: z.string().min(1).max(200).optional(),
})
export type EmbedPrompt = z.infer<typeof EmbedPrompt>

/** A token id. Only the runner can check that it is in the model's vocabulary. */
export const TokenNumber = z.number().int().nonnegative().max(0xffff_ffff)

/** The input: a conversation, raw text or tokens to continue, or inputs to embed. */
export const Prompt = z.discriminatedUnion('kind', [
  ChatPrompt,
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('tokens'), tokens: z.array(TokenNumber).min(1) }),
  EmbedPrompt,
])
export type Prompt = z.infer<typeof Prompt>

/**
 * A seed: a 64-bit integer, signed or unsigned. JSON numbers are doubles in most programs, including this one, so seeds
 * over 2^53 that round to the same double are the same seed.
 */
export const Seed = z
  .number()
  .min(-(2 ** 63), { error: 'must be at least -2^63' })
  .max(2 ** 64, { error: 'must be at most 2^64' })
  .multipleOf(1, { error: 'must be a whole number' })

/** Sampling parameters. Absent fields take the model's defaults (greedy is `temperature: 0`). */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(10).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.number().int().min(0).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().positive().max(10).optional(),
  /**
   * Subtracted from a token's logit: once per occurrence in the answer (frequency), or once if it occurs at all
   * (presence).
   */
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  /** Logit bias by token id. */
  logitBias: z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100)).optional(),
  /** The same seed and prompt give the same text, alone or in a batch. */
  seed: Seed.optional(),
  /** Ignore the model's end-of-sequence tokens, unless constrained decoding ends the answer. */
  ignoreEos: z.boolean().optional(),
})
export type Sampling = z.infer<typeof Sampling>

/** Constrains decoding: the form that the answer's text must have. */
export const OutputFormat = z.discriminatedUnion('kind', [
  /** Any JSON object. */
  z.strictObject({ kind: z.literal('json') }),
  z.strictObject({
    kind: z.literal('jsonSchema'),
    schema: z.record(z.string(), z.unknown()),
    /** Ignore schema keywords that a grammar cannot express; otherwise they are refused. */
    lenient: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('grammar'), syntax: z.enum(['lark', 'regex']), source: z.string().min(1) }),
])
export type OutputFormat = z.infer<typeof OutputFormat>

/** Maximum stop strings per request. */
export const MAX_STOPS = 16

/** The internal form of a request to a model; every API dialect is translated into it. */
export const GenerationRequest = z.strictObject({
  taskId: TaskId,
  modelId: ModelId,
  prompt: Prompt,
  /** Only count the prompt's tokens; nothing is computed. */
  countOnly: z.boolean().optional(),
  sampling: Sampling,
  /** Maximum tokens to generate, including reasoning. Absent, or more than the context has room for: as many as fit. */
  maxTokens: z.number().int().positive().optional(),
  /** Generation stops before any of these strings; the result does not contain them. */
  stop: z.array(z.string().min(1)).max(MAX_STOPS),
  format: OutputFormat.optional(),
  /** Return the log probability of each token and of this many alternatives; absent means none. */
  logprobs: z.number().int().min(0).max(20).optional(),
})
export type GenerationRequest = z.infer<typeof GenerationRequest>

/** The fairness key of a request in queues: the id of an API key. */
export const QueueKey = z.string().min(1).max(200)
/** The key of all requests that came without an API key, on whichever node. */
export const LOCAL_KEY = 'local'

/** A request as a client makes it, with the id of a model or the name of a declaration, before it becomes a task. */
export type ClientRequest = Omit<GenerationRequest, 'taskId' | 'modelId'> & { readonly model: string }

/** The same, with how long to keep a model that was loaded on request after its last answer. */
export type ApiRequest = ClientRequest & {
  /**
   * Seconds. 0: unload at once. Infinity: until it is unloaded explicitly. Absent: unchanged, or this node's setting.
   */
  readonly keepAlive?: number
}
