import { z } from 'zod'
import { Tool } from '@core/generation/conversation'
import { RequestedModel } from '../../requested-model'
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
  /** Syntax of the grammar; used only as a hint. */
  format: z.object({ type: z.string(), definition: z.string().nullish() }).nullish(),
})
const FOREIGN = 'a tool of the type function or custom has a name'
/** A tool run by OpenAI, or defined only for its models: ignored, and listed in the response header. */
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
 * `POST /v1/responses`, see https://platform.openai.com/docs/api-reference/responses/create. Unsupported fields that
 * would change the answer are refused by name; fields that only matter to OpenAI are ignored, and unknown fields are
 * ignored and listed in the response header.
 */
export const ResponseRequest = z.object({
  model: RequestedModel,
  input: z.union([z.string(), z.array(GivenItem)]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  /** Whether the response can be retrieved and continued later; default true. */
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
  prompt: unsupported('prompts stored at OpenAI are not supported'),
  include: z.unknown().optional(),
  /**
   * `auto`, which would drop the beginning of an input that is too long, is ignored and reported: such an input is
   * refused.
   */
  truncation: z.enum(['auto', 'disabled']).nullish(),
  stream_options: z.unknown().optional(),
  user: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  prompt_cache_retention: z.unknown().optional(),
})
export type ResponseRequest = z.infer<typeof ResponseRequest>
