import type { Message, Reasoning, Tool, ToolChoice } from '@core/generation/conversation'
import type { ChatPrompt, ClientRequest, OutputFormat, Sampling } from '@core/generation/request'
import { checkToolNames } from '../answering/tool-names'
import { Problem } from '../problem'
import { FOREIGN_BLOCKS } from './blocks'
import { toMessages } from './conversation'
import type { ClientTool, CountTokensRequest, MessagesRequest } from './schema'

const invalidField = (param: string, message: string): Problem =>
  new Problem(400, 'invalid_request', `${param}: ${message}`, { param })

type GivenTool = NonNullable<CountTokensRequest['tools']>[number]
const isClientTool = (tool: GivenTool): tool is ClientTool => 'input_schema' in tool

/** Unsupported parts of the request, for the response header. */
export const ignoredIn = ({ tools, messages }: CountTokensRequest): string[] => {
  const foreign: ReadonlySet<string> = new Set(FOREIGN_BLOCKS)
  const blocks = messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.map((block: { readonly type: string }) => block.type),
  )
  return [
    ...(tools ?? []).flatMap((tool) => (isClientTool(tool) ? [] : [`tools.${tool.type}`])),
    ...new Set(blocks.filter((type) => foreign.has(type)).map((type) => `messages.${type}`)),
  ]
}

const toTools = (tools: CountTokensRequest['tools']): Tool[] =>
  (tools ?? []).filter(isClientTool).map(({ name, description, input_schema: parameters, strict }) => ({
    name,
    parameters,
    ...(description && { description }),
    ...(strict === true && { strict }),
  }))

const toToolChoice = (choice: CountTokensRequest['tool_choice'], tools: readonly Tool[]): ToolChoice | undefined => {
  if (!choice || choice.type === 'auto') return undefined
  if (choice.type === 'none') return { kind: 'none' }
  if (tools.length === 0) throw invalidField('tool_choice', 'there are no tools to choose from')
  if (choice.type !== 'tool') return { kind: 'required' }
  if (!tools.some(({ name }) => name === choice.name))
    throw invalidField('tool_choice.name', `no tool is named "${choice.name}"`)
  return { kind: 'named', name: choice.name }
}

const EFFORTS = { low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' } as const

/** Absent fields are left to the model, as in Anthropic's API. */
const toReasoning = ({ thinking, output_config }: CountTokensRequest): Reasoning | undefined => {
  const effort = output_config?.effort ? { effort: EFFORTS[output_config.effort] } : {}
  switch (thinking?.type) {
    case 'enabled':
      return { ...effort, enabled: true, ...(thinking.budget_tokens && { maxTokens: thinking.budget_tokens }) }
    case 'disabled':
      return { ...effort, enabled: false }
    case 'adaptive':
    case 'between_tools':
    case undefined:
      return output_config?.effort ? effort : undefined
  }
}

const toFormat = ({ output_config, output_format }: CountTokensRequest): OutputFormat | undefined => {
  const format = output_config?.format ?? output_format
  return format ? { kind: 'jsonSchema', schema: format.schema } : undefined
}

/** A final assistant message is the beginning of the answer (prefill), unless it is empty. */
const withPrefill = (messages: readonly Message[]): Pick<ChatPrompt, 'messages' | 'continueLast'> => {
  const last = messages.at(-1)
  if (last?.role !== 'assistant') return { messages: [...messages] }
  const end = last.parts.at(-1)
  if (end?.type !== 'text') return { messages: [...messages] }
  if (end.text.trim() !== '') return { messages: [...messages], continueLast: true }
  const parts = last.parts.slice(0, -1)
  return withPrefill(parts.length > 0 ? [...messages.slice(0, -1), { ...last, parts }] : messages.slice(0, -1))
}

const toPrompt = (body: CountTokensRequest): ChatPrompt => {
  const conversation = withPrefill(toMessages(body.system, body.messages))
  if (conversation.messages.length === 0) throw invalidField('messages', 'there is no message with content')
  const tools = toTools(body.tools)
  checkToolNames(tools)
  const toolChoice = toToolChoice(body.tool_choice, tools)
  const reasoning = toReasoning(body)
  const single =
    body.tool_choice && body.tool_choice.type !== 'none' && body.tool_choice.disable_parallel_tool_use === true
  return {
    kind: 'chat',
    ...conversation,
    ...(tools.length > 0 && { tools }),
    ...(toolChoice && { toolChoice }),
    ...(single && { singleToolCall: true }),
    ...(reasoning && { reasoning }),
  }
}

const toSampling = ({ temperature, top_p, top_k }: MessagesRequest): Sampling => ({
  ...(typeof temperature === 'number' && { temperature }),
  ...(typeof top_p === 'number' && { topP: top_p }),
  ...(typeof top_k === 'number' && { topK: top_k }),
})

/** Translates an Anthropic request into the internal form. Throws Problem. */
export const toRequest = (body: MessagesRequest): ClientRequest => {
  const format = toFormat(body)
  return {
    model: body.model,
    prompt: toPrompt(body),
    sampling: toSampling(body),
    stop: (body.stop_sequences ?? []).filter((sequence) => sequence !== ''),
    // Some clients write −1 for an absent value.
    ...(typeof body.max_tokens === 'number' && body.max_tokens > 0 && { maxTokens: body.max_tokens }),
    ...(format && { format }),
  }
}

/** The same conversation, only to count its tokens. Throws Problem. */
export const toCountRequest = (body: CountTokensRequest): ClientRequest => ({
  model: body.model,
  prompt: toPrompt(body),
  sampling: {},
  stop: [],
  countOnly: true,
  maxTokens: 1,
})
