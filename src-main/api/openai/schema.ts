import { z } from 'zod'
import { Seed } from '@core/generation/request'

const TextPart = z.object({ type: z.literal('text'), text: z.string() })
/** What an assistant said instead of an answer; clients send it back as it came. */
const RefusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() })
const ContentPart = z.discriminatedUnion('type', [TextPart, RefusalPart], {
  error: 'only text is supported: {"type": "text", "text": …}',
})
const Content = z.union([z.string(), z.array(ContentPart)])

const Message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: Content.nullish(),
  name: z.string().nullish(),
  refusal: z.unknown().optional(),
})

const unsupported = (message: string) => z.null({ error: message }).optional()

/**
 * `POST /v1/chat/completions`, see https://platform.openai.com/docs/api-reference/chat/create. What is
 * not supported is refused by name; fields that only mean something to OpenAI are ignored and named in the answer's header.
 */
export const ChatCompletionRequest = z.object({
  model: z.string().min(1),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().positive().max(10).nullish(),
  seed: Seed.nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]).nullish(),
  max_tokens: z.number().int().positive().nullish(),
  max_completion_tokens: z.number().int().positive().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  n: z.literal(1, { error: 'only one choice is supported; ask again for another' }).nullish(),
  frequency_penalty: z.literal(0, { error: 'not supported; use repetition_penalty' }).nullish(),
  presence_penalty: z.literal(0, { error: 'not supported; use repetition_penalty' }).nullish(),
  logit_bias: z.record(z.string(), z.never({ error: 'logit_bias is not supported' })).nullish(),
  response_format: z.object({ type: z.literal('text', { error: 'only text is supported' }) }).nullish(),
  tools: z.array(z.unknown()).max(0, { error: 'tools are not supported' }).nullish(),
  tool_choice: z.enum(['none', 'auto']).nullish(),
  functions: z.array(z.unknown()).max(0, { error: 'functions are not supported' }).nullish(),
  function_call: unsupported('functions are not supported'),
  audio: unsupported('audio is not supported'),
  modalities: z.array(z.literal('text', { error: 'only text is supported' })).nullish(),
  web_search_options: unsupported('web search is not supported'),
  prediction: z.unknown().optional(),
  reasoning_effort: z.unknown().optional(),
  verbosity: z.unknown().optional(),
  parallel_tool_calls: z.unknown().optional(),
  user: z.unknown().optional(),
  metadata: z.unknown().optional(),
  store: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
})
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>
