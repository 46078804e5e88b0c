import { z } from 'zod'
import { Tool } from '@core/generation/conversation'
import { ArgumentsText } from '../../json-depth'
import { ImageUrl } from '../content'

const ONLY = 'only input_text and input_image are supported: {"type": "input_text", "text": …}'

/** Text under any of its type names: clients send output back as input. */
const Text = z.object({
  type: z.enum(['input_text', 'output_text', 'text', 'summary_text', 'reasoning_text']),
  text: z.string(),
})
const Refusal = z.object({ type: z.literal('refusal'), refusal: z.string() })
const Image = z.object({ type: z.literal('input_image'), image_url: ImageUrl })
const Content = z.union([z.string(), z.array(z.discriminatedUnion('type', [Text, Refusal, Image], { error: ONLY }))])
export type Content = z.infer<typeof Content>

const CallId = z.string().min(1).max(200)
const Thoughts = z.array(Text).nullish()

const Message = z.object({
  type: z.literal('message').default('message'),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: Content,
})
const FunctionCall = z.object({
  type: z.literal('function_call'),
  call_id: CallId,
  name: Tool.shape.name,
  arguments: ArgumentsText,
})
const CustomCall = z.object({
  type: z.literal('custom_tool_call'),
  call_id: CallId,
  name: Tool.shape.name,
  input: z.string(),
})
const CallOutput = z.object({
  type: z.enum(['function_call_output', 'custom_tool_call_output']),
  call_id: CallId,
  output: Content,
})
const ReasoningItem = z.object({ type: z.literal('reasoning'), summary: Thoughts, content: Thoughts })

const KNOWN: readonly string[] = [
  'message',
  'function_call',
  'custom_tool_call',
  'function_call_output',
  'custom_tool_call_output',
  'reasoning',
  'item_reference',
]
const FOREIGN = 'a message has a role and content; no other item of this type is known'
/** Output of OpenAI's own tools: ignored, and listed in the response header. */
const ForeignItem = z
  .object({ type: z.string().refine((type) => !KNOWN.includes(type), { error: FOREIGN, abort: true }) })
  .transform(({ type }) => ({ type: 'foreign' as const, is: type }))

/** An item of a conversation. */
const InputItem = z.union([Message, FunctionCall, CustomCall, CallOutput, ReasoningItem, ForeignItem])
export type InputItem = z.infer<typeof InputItem>

/** Refers to an output item of an earlier response. */
const ItemReference = z.object({ type: z.literal('item_reference'), id: z.string().min(1).max(200) })

/** An input item. */
export const GivenItem = z.union([...InputItem.options, ItemReference])
export type GivenItem = z.infer<typeof GivenItem>
