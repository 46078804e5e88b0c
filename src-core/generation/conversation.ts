import { z } from 'zod'

/** Longest id of a tool call, and longest name of a tool, in UTF-16 units. */
const MAX_ID = 200

export const TextPart = z.strictObject({ type: z.literal('text'), text: z.string() })

/** An image in a prompt. `data` is the file as base64; images are never fetched from a URL. */
export const ImagePart = z.strictObject({
  type: z.literal('image'),
  mediaType: z.enum(['image/png', 'image/jpeg', 'image/webp', 'image/gif']),
  data: z.string().min(1),
})
export type ImagePart = z.infer<typeof ImagePart>

/** The model's reasoning before its answer; the chat template decides whether to include it in later turns. */
export const ReasoningPart = z.strictObject({ type: z.literal('reasoning'), text: z.string() })

/** A tool call made by the model. `arguments` is the text of a JSON object. */
export const ToolCallPart = z.strictObject({
  type: z.literal('toolCall'),
  id: z.string().min(1).max(MAX_ID),
  name: z.string().min(1).max(MAX_ID),
  arguments: z.string(),
})
export type ToolCallPart = z.infer<typeof ToolCallPart>

/** The result of the tool call `id`. `name` is the tool's name, where the client gives it. */
export const ToolResultPart = z.strictObject({
  type: z.literal('toolResult'),
  id: z.string().min(1).max(MAX_ID),
  name: z.string().max(MAX_ID).optional(),
  content: z.array(z.discriminatedUnion('type', [TextPart, ImagePart])),
  isError: z.boolean().optional(),
})
export type ToolResultPart = z.infer<typeof ToolResultPart>

const Given = z.discriminatedUnion('type', [TextPart, ImagePart])
const Answered = z.discriminatedUnion('type', [TextPart, ReasoningPart, ToolCallPart])

/** One message of a conversation. The role decides which parts are allowed. */
export const Message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), parts: z.array(TextPart) }),
  z.strictObject({ role: z.literal('user'), parts: z.array(Given) }),
  z.strictObject({ role: z.literal('assistant'), parts: z.array(Answered) }),
  z.strictObject({ role: z.literal('tool'), parts: z.array(ToolResultPart).min(1) }),
])
export type Message = z.infer<typeof Message>
export type Part = Message['parts'][number]

/** Whether a conversation contains an image, including images in tool results. */
export const showsPictures = (messages: readonly Message[]): boolean =>
  messages.some((message) =>
    message.role === 'tool'
      ? message.parts.some(({ content }) => content.some(({ type }) => type === 'image'))
      : message.parts.some(({ type }) => type === 'image'),
  )

/** A function that the model may ask the client to call. `parameters` is a JSON Schema of its arguments. */
export const Tool = z.strictObject({
  name: z.string().min(1).max(MAX_ID),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  /** The arguments must match `parameters`: decoding is constrained to it. */
  strict: z.boolean().optional(),
})
export type Tool = z.infer<typeof Tool>

/** Tool choice: the model may (`auto`), must (`required`, `named`) or must not (`none`) call a tool. */
export const ToolChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['auto', 'none', 'required']) }),
  z.strictObject({ kind: z.literal('named'), name: z.string().min(1).max(MAX_ID) }),
])
export type ToolChoice = z.infer<typeof ToolChoice>

/**
 * Whether and how long the model reasons before answering, for models that support it. Absent fields: the model's
 * default.
 */
export const Reasoning = z.strictObject({
  enabled: z.boolean().optional(),
  effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
  /** Maximum reasoning tokens. */
  maxTokens: z.number().int().positive().optional(),
})
export type Reasoning = z.infer<typeof Reasoning>
