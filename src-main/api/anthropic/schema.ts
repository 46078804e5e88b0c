import { z } from 'zod'
import { Tool } from '@core/generation/conversation'
import { MAX_STOPS } from '@core/generation/request'
import { RequestedModel } from '../requested-model'
import { AssistantBlock, TextBlock, UserBlock } from './blocks'

/** A message; Anthropic also accepts the system role in mid-conversation. */
const Message = z.discriminatedUnion('role', [
  z.object({ role: z.literal('user'), content: z.union([z.string(), z.array(UserBlock)]) }),
  z.object({ role: z.literal('assistant'), content: z.union([z.string(), z.array(AssistantBlock)]) }),
  z.object({ role: z.literal('system'), content: z.union([z.string(), z.array(TextBlock)]) }),
])
export type Message = z.infer<typeof Message>

const ClientTool = z.object({
  type: z.literal('custom').nullish(),
  name: Tool.shape.name,
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
})
export type ClientTool = z.infer<typeof ClientTool>

/** A tool run by Anthropic, or defined only for its models: ignored, and listed in the response header. */
const ForeignTool = z.object({ type: z.string().refine((type) => type !== 'custom') })

const Parallel = { disable_parallel_tool_use: z.boolean().nullish() }
const ToolChoice = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['auto', 'any']), ...Parallel }),
  z.object({ type: z.literal('tool'), name: Tool.shape.name, ...Parallel }),
  z.object({ type: z.literal('none') }),
])

const Thinking = z.discriminatedUnion('type', [
  z.object({ type: z.literal('enabled'), budget_tokens: z.number().int().positive().nullish() }),
  z.object({ type: z.enum(['disabled', 'adaptive', 'between_tools']) }),
])

const Format = z.object({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })

/** Fields shared by messages and token counting. */
const conversation = {
  model: RequestedModel,
  messages: z.array(Message).min(1),
  system: z.union([z.string(), z.array(TextBlock)]).nullish(),
  tools: z.array(z.union([ClientTool, ForeignTool])).nullish(),
  tool_choice: ToolChoice.nullish(),
  thinking: Thinking.nullish(),
  output_config: z
    .object({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: Format.nullish(),
    })
    .nullish(),
  /** Earlier API versions have this in place of `output_config.format`. */
  output_format: Format.nullish(),
  // Ignored: prefixes are always cached.
  cache_control: z.unknown().optional(),
}

/** `POST /v1/messages/count_tokens`, see https://docs.anthropic.com/en/api/messages-count-tokens */
export const CountTokensRequest = z.object(conversation)
export type CountTokensRequest = z.infer<typeof CountTokensRequest>

/**
 * `POST /v1/messages`, see https://docs.anthropic.com/en/api/messages. Fields that only matter to Anthropic's service
 * are ignored and listed in the response header.
 */
export const MessagesRequest = z.object({
  ...conversation,
  max_tokens: z
    .number()
    .int()
    .min(-1, { error: 'must be at least 1' })
    .refine((limit) => limit !== 0, { error: 'must be at least 1' })
    .nullish(),
  stream: z.boolean().nullish(),
  stop_sequences: z.array(z.string()).max(MAX_STOPS).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  metadata: z.unknown().optional(),
  service_tier: z.unknown().optional(),
})
export type MessagesRequest = z.infer<typeof MessagesRequest>
