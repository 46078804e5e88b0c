import { z } from 'zod'
import { ModelId, TaskId } from '../ids'

/** One turn of a conversation, as chat templates know it. */
export const ChatMessage = z.strictObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
})
export type ChatMessage = z.infer<typeof ChatMessage>

/** What to continue: a conversation (the model's chat template is applied) or plain text. */
export const Prompt = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('chat'), messages: z.array(ChatMessage).min(1) }),
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
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

/** How the next token is chosen. Absent fields take the runner's defaults (greedy is `temperature: 0`). */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(10).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.number().int().min(0).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().positive().max(10).optional(),
  /** The same seed and prompt give the same text, alone or in a batch. */
  seed: Seed.optional(),
})
export type Sampling = z.infer<typeof Sampling>

/** The one internal form of a request for text; every API dialect is translated into it. */
export const GenerationRequest = z.strictObject({
  taskId: TaskId,
  modelId: ModelId,
  prompt: Prompt,
  sampling: Sampling,
  /** Most tokens to generate; absent means up to the end of the model's context. */
  maxTokens: z.number().int().positive().optional(),
  /** Generation ends before any of these strings; none of them is part of the result. */
  stop: z.array(z.string().min(1)).max(16),
  /** Give the log probability of each token, and of this many alternatives; absent means none. */
  logprobs: z.number().int().min(0).max(20).optional(),
})
export type GenerationRequest = z.infer<typeof GenerationRequest>

/** A request as a client makes it: by a model's id or a declaration's name, before it has become a task. */
export type ClientRequest = Omit<GenerationRequest, 'taskId' | 'modelId'> & { readonly model: string }
