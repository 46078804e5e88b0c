import { z } from 'zod'
import { Tool } from '@core/generation/conversation'
import { Effort } from '../reasoning'
import { samplingFields, TokenLimit } from '../sampling'
import { ttlField } from '../ttl'
import { FunctionTool } from '../tools'
import { GivenItem } from './items'

const unsupported = (message: string) => z.null({ error: message }).optional()

const CustomTool = z.object({
  type: z.literal('custom'),
  name: Tool.shape.name,
  description: z.string().nullish(),
  /** The language of its input; only a hint here. */
  format: z.object({ type: z.string(), definition: z.string().nullish() }).nullish(),
})
const FOREIGN = 'a tool of the type function or custom has a name'
/** A tool that only OpenAI runs, or that only its models know: ignored, and named in the answer's header. */
const ForeignTool = z
  .object({
    type: z.string().refine((type) => type !== 'function' && type !== 'custom', { error: FOREIGN, abort: true }),
  })
  .transform(({ type }) => ({ type: 'foreign' as const, is: type }))
const GivenTool = z.union([FunctionTool.extend({ type: z.literal('function') }), CustomTool, ForeignTool])
export type GivenTool = z.infer<typeof GivenTool>

const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.object({ type: z.enum(['function', 'custom']), name: Tool.shape.name }),
  z.object({
    type: z.literal('allowed_tools'),
    mode: z.enum(['auto', 'required']),
    tools: z.array(z.object({ type: z.string(), name: z.string().optional() })),
  }),
])

const Format = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.enum(['text', 'json_object']) }),
    z.object({
      type: z.literal('json_schema'),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
      name: z.unknown().optional(),
      description: z.unknown().optional(),
    }),
  ],
  { error: 'only the types text, json_object and json_schema are supported' },
)

/**
 * `POST /v1/responses`, see https://platform.openai.com/docs/api-reference/responses/create. What changes an answer and
 * is not supported is refused by name; fields that only mean something to OpenAI are ignored, and fields that are not
 * here are ignored and named in the answer's header.
 */
export const ResponseRequest = z.object({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(GivenItem)]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  /** Whether the response can be asked for again and gone on from; it can where this is not said. */
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  ...samplingFields,
  ...ttlField,
  max_output_tokens: TokenLimit.nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  tools: z.array(GivenTool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.object({ effort: Effort.nullish() }).nullish(),
  text: z.object({ format: Format.nullish() }).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  background: z.literal(false, { error: 'not supported; keep the connection open' }).nullish(),
  conversation: unsupported('not supported; use previous_response_id'),
  prompt: unsupported('prompts that OpenAI keeps are not supported'),
  include: z.unknown().optional(),
  /** `auto`, which would forget the beginning of what is too long, is ignored by name: what does not fit is refused. */
  truncation: z.enum(['auto', 'disabled']).nullish(),
  stream_options: z.unknown().optional(),
  user: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
})
export type ResponseRequest = z.infer<typeof ResponseRequest>
