import { z } from 'zod'

/** Schemas of what the chat stores in the browser. Times are milliseconds since 1970. */

const Id = z.string().min(1).max(64)
const Time = z.number()

/** A function the model may call; the user provides the results. */
export const ChatTool = z.object({
  name: z.string().regex(/^[\w-]{1,64}$/, { error: 'a name has letters, digits, _ and - only' }),
  description: z.string().max(10_000).optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
})
export type ChatTool = z.infer<typeof ChatTool>

/** Options of a conversation. Absent numbers are the model's defaults. */
export const ChatOptions = z.object({
  system: z.string().max(200_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.number().int().min(0).max(1000).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().min(0.1).max(10).optional(),
  maxTokens: z.number().int().min(1).max(1_000_000).optional(),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  tools: z.array(ChatTool).max(64).optional(),
  /** Whether to think first, if the model has a switch; absent: the model's default. */
  thinking: z.boolean().optional(),
  /** Record likely alternatives of each token. */
  alternatives: z.boolean().optional(),
})
export type ChatOptions = z.infer<typeof ChatOptions>

/** The conversation's model when it was last used. */
export const ChatModel = z.object({
  /** Name for the API: the declaration's id, or the model's. */
  id: z.string(),
  name: z.string(),
  modelId: z.string(),
})
export type ChatModel = z.infer<typeof ChatModel>

export const Conversation = z.object({
  id: Id,
  title: z.string(),
  model: ChatModel.optional(),
  options: ChatOptions,
  /** Last message of the shown branch. */
  leafId: Id.optional(),
  createdAt: Time,
  changedAt: Time,
})
export type Conversation = z.infer<typeof Conversation>

/** An attached text file. */
export const ChatFile = z.object({ name: z.string().max(300), text: z.string() })
export type ChatFile = z.infer<typeof ChatFile>

/** Limits of one picture's bytes and of pictures per branch; together they fit into one request. */
export const MOST_PICTURE_BYTES = 1_000_000
export const MOST_PICTURES = 16

/** Magic numbers of each format, in base64. */
export const PICTURE_BEGINNINGS = { 'image/png': 'iVBORw', 'image/jpeg': '/9j/' } as const

/** An attached picture, as base64. */
export const ChatPicture = z
  .object({
    name: z.string().max(300),
    mediaType: z.enum(['image/png', 'image/jpeg']),
    data: z
      .string()
      .max(Math.ceil(MOST_PICTURE_BYTES / 3) * 4)
      .regex(/^[A-Za-z0-9+/]+={0,2}$/),
  })
  .refine(({ mediaType, data }) => data.startsWith(PICTURE_BEGINNINGS[mediaType]))
export type ChatPicture = z.infer<typeof ChatPicture>

/** A damaged picture is dropped but its message kept, because other messages refer to it. */
const KeptPictures = z.array(z.unknown()).transform((values): readonly ChatPicture[] =>
  values
    .flatMap((value) => {
      const { data } = ChatPicture.safeParse(value)
      return data ? [data] : []
    })
    .slice(0, MOST_PICTURES),
)

export const pictureUrl = ({ mediaType, data }: ChatPicture): string => `data:${mediaType};base64,${data}`

export const ToolCall = z.object({ id: z.string(), name: z.string(), arguments: z.string() })
export type ToolCall = z.infer<typeof ToolCall>

const Alternative = z.object({ token: z.string(), logprob: z.number() })
/** A token and its alternatives; natural logarithms of probability. */
export const TokenAlternatives = Alternative.extend({ top: z.array(Alternative) })
export type TokenAlternatives = z.infer<typeof TokenAlternatives>

/** Why an answer is incomplete. `closed`: its window was closed. */
export const Cut = z.enum(['stopped', 'length', 'failed', 'closed'])
export type Cut = z.infer<typeof Cut>

/** An answer and its figures. */
export const AnswerRecord = z.object({
  text: z.string(),
  thinking: z.string().optional(),
  thinkingMs: z.number().optional(),
  calls: z.array(ToolCall).optional(),
  alternatives: z.array(TokenAlternatives).optional(),
  cut: Cut.optional(),
  tokens: z.number().optional(),
  tokensPerSecond: z.number().optional(),
  /** Time from the question to the first token. */
  firstTokenMs: z.number().optional(),
})
export type AnswerRecord = z.infer<typeof AnswerRecord>

const placed = { id: Id, conversationId: Id, parentId: Id.optional(), at: Time }

/** Messages never move: edits and repeated questions are siblings, so tabs cannot overwrite each other's. */
export const Message = z.discriminatedUnion('role', [
  z.object({
    ...placed,
    role: z.literal('user'),
    text: z.string(),
    files: z.array(ChatFile).optional(),
    pictures: KeptPictures.optional(),
  }),
  AnswerRecord.extend({ ...placed, role: z.literal('assistant'), model: z.string() }),
  z.object({
    ...placed,
    role: z.literal('tool'),
    results: z.array(z.object({ id: z.string(), name: z.string(), text: z.string() })),
  }),
])
export type Message = z.infer<typeof Message>
export type UserMessage = Extract<Message, { role: 'user' }>
export type AnswerMessage = Extract<Message, { role: 'assistant' }>

/** A named system prompt with sampling options. */
export const Preset = z.object({ id: Id, name: z.string().min(1).max(100), options: ChatOptions })
export type Preset = z.infer<typeof Preset>
