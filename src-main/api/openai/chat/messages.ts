import { z } from 'zod'
import { ToolCallPart } from '@core/generation/conversation'
import { ArgumentsText } from '../../json-depth'
import { ImageUrl } from '../content'

const TextPart = z.object({ type: z.literal('text'), text: z.string() })
/** A refusal in an assistant message; clients send it back unchanged. */
const RefusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() })
const ImagePart = z.object({
  type: z.literal('image_url'),
  image_url: z.union([z.object({ url: ImageUrl }), ImageUrl]),
})

const ONLY_TEXT = 'only text is supported: {"type": "text", "text": …}'
const ONLY_TEXT_AND_IMAGES = 'only text and image_url are supported: {"type": "text", "text": …}'

const Text = z.union([z.string(), z.array(z.discriminatedUnion('type', [TextPart], { error: ONLY_TEXT }))])
const Given = z.union([
  z.string(),
  z.array(z.discriminatedUnion('type', [TextPart, ImagePart], { error: ONLY_TEXT_AND_IMAGES })),
])
const Said = z.union([z.string(), z.array(z.discriminatedUnion('type', [TextPart, RefusalPart], { error: ONLY_TEXT }))])
export type Content = z.infer<typeof Text> | z.infer<typeof Given> | z.infer<typeof Said>

/** The text of a JSON object; some clients send the object itself. */
const Arguments = z.union([ArgumentsText, z.record(z.string(), z.unknown())]).nullish()
const FunctionCall = z.object({ name: ToolCallPart.shape.name, arguments: Arguments })
const CustomCall = z.object({ name: ToolCallPart.shape.name, input: z.string() })
const CallId = z.string().max(200).nullish()

const SystemMessage = z.object({ role: z.enum(['system', 'developer']), content: Text.nullish() })
const UserMessage = z.object({ role: z.literal('user'), content: Given.nullish() })
const AssistantMessage = z.object({
  role: z.literal('assistant'),
  content: Said.nullish(),
  refusal: z.string().nullish(),
  /** The reasoning, under the name that DeepSeek, vLLM and llama.cpp use, then that of OpenRouter and newer vLLM. */
  reasoning_content: z.string().nullish(),
  reasoning: z.string().nullish().catch(undefined),
  tool_calls: z
    .array(z.union([z.object({ id: CallId, function: FunctionCall }), z.object({ id: CallId, custom: CustomCall })]))
    .nullish(),
  /** The legacy form of a tool call. */
  function_call: FunctionCall.nullish(),
  /** Mistral's and DeepSeek's field for continuing this message. */
  prefix: z.boolean().nullish(),
})
export type AssistantMessage = z.infer<typeof AssistantMessage>

const ToolMessage = z.object({ role: z.literal('tool'), content: Given.nullish(), tool_call_id: CallId })
/** The legacy form of a tool result. */
const FunctionMessage = z.object({
  role: z.literal('function'),
  content: Given.nullish(),
  name: z.string().max(200).nullish(),
})

/** One message of a conversation, see https://platform.openai.com/docs/api-reference/chat/create. */
export const Message = z.discriminatedUnion(
  'role',
  [SystemMessage, UserMessage, AssistantMessage, ToolMessage, FunctionMessage],
  {
    error: ({ input }) => {
      const role: unknown = typeof input === 'object' && input !== null && 'role' in input ? input.role : undefined
      return typeof role === 'string'
        ? `expected "system"|"developer"|"user"|"assistant"|"tool"|"function", not "${role.slice(0, 40)}"`
        : 'expected role "system", "developer", "user", "assistant" or "tool"'
    },
  },
)
export type Message = z.infer<typeof Message>
