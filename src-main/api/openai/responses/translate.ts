import type { Message, Tool } from '@core/generation/conversation'
import type { ApiRequest, OutputFormat } from '@core/generation/request'
import { customTool } from '../custom-tools'
import { given } from '../given'
import { invalidField } from '../invalid-field'
import { reasoningOf } from '../reasoning'
import { toLimit, toSampling } from '../sampling'
import { bySchema } from '../structured-output'
import { keptFor } from '../ttl'
import { chosenTools, toTool, type Choice } from '../tools'
import { toMessages } from './conversation'
import type { GivenItem, InputItem } from './items'
import type { GivenTool, ResponseRequest } from './schema'

/** Unsupported parts of the request, for the response header. */
export const ignoredIn = ({ tools, input, truncation }: ResponseRequest): string[] => [
  ...(truncation === 'auto' ? ['truncation'] : []),
  ...(tools ?? []).flatMap((tool) => {
    if (tool.type === 'foreign') return [`tools.${tool.is}`]
    return tool.type === 'custom' && tool.format?.definition !== undefined ? ['tools.custom.format'] : []
  }),
  ...new Set(
    (Array.isArray(input) ? input : []).flatMap((item) => (item.type === 'foreign' ? [`input.${item.is}`] : [])),
  ),
]

/** Names of the request's custom tools; their calls are returned in the custom form. */
export const customTools = ({ tools }: ResponseRequest): ReadonlySet<string> =>
  new Set((tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.name] : [])))

const toolOf = (tool: GivenTool): Tool[] => {
  switch (tool.type) {
    case 'function':
      return [toTool(tool)]
    case 'custom':
      return [customTool({ ...tool, grammar: tool.format?.definition })]
    case 'foreign':
      return []
  }
}

const choiceOf = (choice: ResponseRequest['tool_choice']): Choice => {
  if (!choice) return { kind: 'auto' }
  if (typeof choice === 'string') return { kind: choice }
  if ('name' in choice) return { kind: 'named', name: choice.name }
  return { kind: 'allowed', mode: choice.mode, names: choice.tools.flatMap(({ name }) => name ?? []) }
}

const toFormat = ({ text }: ResponseRequest): OutputFormat | undefined => {
  const format = text?.format
  switch (format?.type) {
    case 'json_object':
      return { kind: 'json' }
    case 'json_schema':
      return bySchema(format.schema, format.strict)
    case 'text':
    case undefined:
      return undefined
  }
}

const wantsLogprobs = ({ include, top_logprobs }: ResponseRequest): boolean =>
  typeof top_logprobs === 'number' || (Array.isArray(include) && include.includes('message.output_text.logprobs'))

/** Lookup of earlier responses. */
export interface Memory {
  /** The conversation that this one continues. */
  readonly before: readonly Message[]
  /** An output item of a stored response. */
  readonly item: (id: string) => InputItem | undefined
}

const NOTHING: Memory = { before: [], item: () => undefined }

/** Replaces item references by the items. Throws Problem. */
const resolved = (items: readonly GivenItem[], { item: find }: Memory): InputItem[] =>
  items.map((given, at) => {
    if (given.type !== 'item_reference') return given
    const found = find(given.id)
    if (found) return found
    const why = `there is no item "${given.id}" or it is no longer stored: only output items are, in memory, on the machine that made them`
    throw invalidField(`input.${at}.id`, `${why}. Send the item itself`)
  })

/** The conversation so far, without instructions, which apply to one response only. Throws Problem if it is empty. */
export const toConversation = ({ input }: ResponseRequest, memory: Memory = NOTHING): Message[] => {
  const { before } = memory
  const messages: Message[] =
    typeof input === 'string'
      ? [...before, { role: 'user', parts: [{ type: 'text', text: input }] }]
      : toMessages(resolved(input ?? [], memory), before)
  if (messages.length === 0) throw invalidField('input', 'there is no message with content')
  return messages
}

/** Translates an OpenAI request into the internal form. Throws Problem. */
export const toRequest = (body: ResponseRequest, conversation: readonly Message[]): ApiRequest => {
  const { instructions } = body
  const reasoning = reasoningOf(body.reasoning?.effort)
  return {
    model: body.model,
    prompt: {
      kind: 'chat',
      messages: [
        ...(instructions ? [{ role: 'system' as const, parts: [{ type: 'text' as const, text: instructions }] }] : []),
        ...conversation,
      ],
      ...chosenTools((body.tools ?? []).flatMap(toolOf), choiceOf(body.tool_choice), 'tool_choice'),
      ...(body.parallel_tool_calls === false && { singleToolCall: true }),
      ...(Object.keys(reasoning).length > 0 && { reasoning }),
    },
    sampling: toSampling(body),
    stop: [],
    ...keptFor(body),
    ...given({
      maxTokens: toLimit(body.max_output_tokens),
      format: toFormat(body),
      logprobs: wantsLogprobs(body) ? (body.top_logprobs ?? 0) : undefined,
    }),
  }
}
