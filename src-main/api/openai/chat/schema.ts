import { z } from 'zod'
import { Tool } from '@core/generation/conversation'
import { RequestedModel } from '../../requested-model'
import { Choices } from '../choices'
import { Effort } from '../reasoning'
import { samplingFields, Stop, TokenLimit } from '../sampling'
import { guidedFields, ResponseFormat } from '../structured-output'
import { ttlField } from '../ttl'
import { FunctionTool } from '../tools'
import { Message } from './messages'

const unsupported = (message: string) => z.null({ error: message }).optional()
const Named = z.object({ name: Tool.shape.name })

const FOREIGN = 'expected "function" in a tool of the type function and "custom" in one of the type custom'
/** A tool run by OpenAI, or defined only for its models: ignored, and listed in the response header. */
const ForeignTool = z.object({
  type: z.string().refine((type) => type !== 'function' && type !== 'custom', { error: FOREIGN, abort: true }),
})
/** A custom tool, which takes free text. */
const CustomTool = z.object({
  type: z.literal('custom'),
  custom: z.object({
    name: Tool.shape.name,
    description: z.string().nullish(),
    format: z.object({ type: z.string(), grammar: z.object({ definition: z.string().nullish() }).nullish() }).nullish(),
  }),
})
const GivenTool = z.union([
  CustomTool,
  z.object({ type: z.literal('function').default('function'), function: FunctionTool }),
  ForeignTool,
])

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  /** Mistral's name for it. */
  z.literal('any').transform(() => 'required' as const),
  z.discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('function'), function: Named }),
      z.object({ type: z.literal('custom'), custom: Named }),
      z.object({
        type: z.literal('allowed_tools'),
        allowed_tools: z.object({
          mode: z.enum(['auto', 'required']),
          tools: z.array(z.object({ function: Named.optional(), custom: Named.optional() })),
        }),
      }),
    ],
    { error: 'only {"type": "function"}, {"type": "custom"} and {"type": "allowed_tools"} are supported' },
  ),
])

/**
 * `POST /v1/chat/completions`, see https://platform.openai.com/docs/api-reference/chat/create. Unsupported fields that
 * would change the answer are refused by name; fields that only matter to OpenAI are ignored, and unknown fields are
 * ignored and listed in the response header.
 */
export const ChatCompletionRequest = z.object({
  model: RequestedModel,
  messages: z.array(Message).min(1),
  ...samplingFields,
  ...ttlField,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  /** llama.cpp's field: streams also report prompt progress. */
  return_progress: z.boolean().nullish(),
  stop: Stop.nullish(),
  max_tokens: TokenLimit.nullish(),
  max_completion_tokens: TokenLimit.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  n: Choices.nullish(),
  response_format: ResponseFormat.nullish(),
  ...guidedFields,
  tools: z.array(GivenTool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  /** The legacy form of tools. */
  functions: z.array(FunctionTool).nullish(),
  function_call: z.union([z.enum(['none', 'auto']), Named]).nullish(),
  reasoning_effort: Effort.nullish(),
  /** OpenRouter's form of it. */
  reasoning: z
    .object({
      effort: Effort.nullish(),
      enabled: z.boolean().nullish(),
      max_tokens: z.number().int().positive().nullish(),
    })
    .nullish(),
  /** The form of vLLM, SGLang and Qwen's own service. */
  enable_thinking: z.boolean().nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
  /** GLM's and DeepSeek's services: `enabled` or `disabled`. */
  thinking: z.object({ type: z.string() }).nullish(),
  /** vLLM's field for continuing a final assistant message. */
  continue_final_message: z.boolean().nullish(),
  add_generation_prompt: z.boolean().nullish(),
  audio: unsupported('audio is not supported'),
  modalities: z.array(z.literal('text', { error: 'only text is supported' })).nullish(),
  web_search_options: unsupported('web search is not supported'),
  prediction: z.unknown().optional(),
  verbosity: z.unknown().optional(),
  user: z.unknown().optional(),
  metadata: z.unknown().optional(),
  store: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
})
export type ChatCompletionRequest = z.infer<typeof ChatCompletionRequest>
