import { z } from 'zod'
import { ModelId, TaskId } from '../ids'
import { Message, Reasoning, Tool, ToolChoice } from './conversation'

/** A conversation, to which the model's chat template is applied. */
export const ChatPrompt = z.strictObject({
  kind: z.literal('chat'),
  messages: z.array(Message).min(1),
  tools: z.array(Tool).optional(),
  toolChoice: ToolChoice.optional(),
  /** At most one tool call in an answer. */
  singleToolCall: z.boolean().optional(),
  reasoning: Reasoning.optional(),
  /** The last message is the beginning of the answer, which goes on from there. */
  continueLast: z.boolean().optional(),
  /** Further variables of the chat template, by name. */
  templateArguments: z.record(z.string(), z.unknown()).optional(),
})
export type ChatPrompt = z.infer<typeof ChatPrompt>

/** Most inputs of one request for embeddings. */
export const MAX_EMBED_INPUTS = 2048

/** Texts whose embeddings are wanted, or tokens as they are. */
export const EmbedPrompt = z.strictObject({
  kind: z.literal('embed'),
  inputs: z
    .array(z.union([z.string(), z.array(z.number().int().nonnegative()).min(1)]))
    .min(1)
    .max(MAX_EMBED_INPUTS),
  /** What is too long for the model is cut; otherwise it is refused. */
  truncate: z.boolean().optional(),
  /** So many numbers of each vector are kept, which then gets unit length again. */
  dimensions: z.number().int().positive().optional(),
  /** Of the model's own text that is put before each input. */
  promptName: z.string().min(1).max(200).optional(),
})
export type EmbedPrompt = z.infer<typeof EmbedPrompt>

/** A token's number. Whether the model's vocabulary has it, only the runner knows. */
export const TokenNumber = z.number().int().nonnegative().max(0xffff_ffff)

/** What to work on: a conversation, text or tokens to be continued as they are, or texts whose embeddings are wanted. */
export const Prompt = z.discriminatedUnion('kind', [
  ChatPrompt,
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('tokens'), tokens: z.array(TokenNumber).min(1) }),
  EmbedPrompt,
])
export type Prompt = z.infer<typeof Prompt>

/**
 * A seed: a whole number of 64 bits, signed or not. JSON numbers are doubles in most programs, here too: seeds over 2^53
 * that are less than a double's step apart are one seed.
 */
export const Seed = z
  .number()
  .min(-(2 ** 63), { error: 'must be at least -2^63' })
  .max(2 ** 64, { error: 'must be at most 2^64' })
  .multipleOf(1, { error: 'must be a whole number' })

/** How the next token is chosen. Absent fields take the model's defaults (greedy is `temperature: 0`). */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(10).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.number().int().min(0).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().positive().max(10).optional(),
  /** Taken off the logit of each token as often as the answer has it, or once if it has it at all. */
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  /** Added to logits, by token number. */
  logitBias: z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100)).optional(),
  /** The same seed and prompt give the same text, alone or in a batch. */
  seed: Seed.optional(),
  /** The model's end tokens do not end the answer, unless its form does. */
  ignoreEos: z.boolean().optional(),
})
export type Sampling = z.infer<typeof Sampling>

/** What the answer's text must look like; decoding is constrained to it. */
export const OutputFormat = z.discriminatedUnion('kind', [
  /** Any JSON object. */
  z.strictObject({ kind: z.literal('json') }),
  z.strictObject({
    kind: z.literal('jsonSchema'),
    schema: z.record(z.string(), z.unknown()),
    /** Keywords that a grammar cannot express are passed over; otherwise they are refused. */
    lenient: z.literal(true).optional(),
  }),
  z.strictObject({ kind: z.literal('grammar'), syntax: z.enum(['lark', 'regex']), source: z.string().min(1) }),
])
export type OutputFormat = z.infer<typeof OutputFormat>

/** Most stop strings of one request. */
export const MAX_STOPS = 16

/** The one internal form of a request to a model; every API dialect is translated into it. */
export const GenerationRequest = z.strictObject({
  taskId: TaskId,
  modelId: ModelId,
  prompt: Prompt,
  /** Only the prompt's tokens are counted; nothing is computed. */
  countOnly: z.boolean().optional(),
  sampling: Sampling,
  /** Most tokens to generate, thoughts included. Absent, or beyond the room in the context: as many as fit. */
  maxTokens: z.number().int().positive().optional(),
  /** Generation ends before any of these strings; none of them is part of the result. */
  stop: z.array(z.string().min(1)).max(MAX_STOPS),
  format: OutputFormat.optional(),
  /** Give the log probability of each token, and of this many alternatives; absent means none. */
  logprobs: z.number().int().min(0).max(20).optional(),
})
export type GenerationRequest = z.infer<typeof GenerationRequest>

/** Whose request it is, as queues tell requests apart: the id of an API key. */
export const QueueKey = z.string().min(1).max(200)
/** Of all requests that came without a key, whichever node took them. */
export const LOCAL_KEY = 'local'

/** A request as a client makes it: by a model's id or a declaration's name, before it has become a task. */
export type ClientRequest = Omit<GenerationRequest, 'taskId' | 'modelId'> & { readonly model: string }

/** The same, with how long the model is to be kept after it where it was loaded on request. */
export type ApiRequest = ClientRequest & {
  /** Seconds. 0: not at all. Infinity: until somebody ends it. Absent: as it is, or as this node's settings say. */
  readonly keepAlive?: number
}
