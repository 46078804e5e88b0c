import type { Message as InternalMessage, Part, ToolResultPart } from '@core/generation/conversation'
import type { AssistantBlock, ShownBlock, ToolResultBlock, UserBlock } from './blocks'
import type { Message } from './schema'

type TextPart = Extract<Part, { type: 'text' }>
type Shown = TextPart | Extract<Part, { type: 'image' }>
/** Tool names by tool call id. */
type CalledTools = ReadonlyMap<string, string>

const text = (value: string): TextPart => ({ type: 'text', text: value })

const shown = (block: ShownBlock): Shown[] => {
  switch (block.type) {
    case 'text':
      return [text(block.text)]
    case 'image':
      return [{ type: 'image', mediaType: block.source.media_type, data: block.source.data }]
    case 'document': {
      const { source, title, context } = block
      const head = [title, context].filter((one) => typeof one === 'string').map(text)
      if (source.type === 'text') return [...head, text(source.data)]
      return [...head, ...(typeof source.content === 'string' ? [text(source.content)] : source.content.flatMap(shown))]
    }
    case 'search_result':
      return [text(`${block.title} (${block.source})`), ...block.content.flatMap(shown)]
    case 'tool_reference':
      return [text(block.tool_name)]
  }
}

/** Text blocks are separate: joined without a newline, the last word of one would run into the first of the next. */
const apart = (parts: readonly Shown[]): Shown[] =>
  parts.map((part, index) =>
    part.type === 'text' && parts[index - 1]?.type === 'text' ? text(`\n${part.text}`) : part,
  )

const resultOf = ({ tool_use_id: id, content, is_error }: ToolResultBlock, tools: CalledTools): ToolResultPart => {
  const name = tools.get(id)
  return {
    type: 'toolResult',
    id,
    ...(name !== undefined && { name }),
    content: typeof content === 'string' ? [text(content)] : apart((content ?? []).flatMap(shown)),
    ...(is_error === true && { isError: true }),
  }
}

/** A user message holds tool results and user text; tool results come first. */
const userTurns = (blocks: readonly UserBlock[], tools: CalledTools): InternalMessage[] => {
  const results: ToolResultPart[] = []
  const shownParts: Shown[] = []
  for (const block of blocks) {
    switch (block.type) {
      case 'tool_result':
        results.push(resultOf(block, tools))
        break
      case 'text':
      case 'image':
      case 'document':
      case 'search_result':
        shownParts.push(...shown(block))
        break
      default:
        break
    }
  }
  return [
    ...(results.length > 0 ? [{ role: 'tool' as const, parts: results }] : []),
    ...(shownParts.length > 0 ? [{ role: 'user' as const, parts: apart(shownParts) }] : []),
  ]
}

type AssistantTurn = Extract<InternalMessage, { role: 'assistant' }>

const assistantPart = (block: AssistantBlock): AssistantTurn['parts'] => {
  switch (block.type) {
    case 'text':
      return [text(block.text)]
    case 'thinking':
      return [{ type: 'reasoning', text: block.thinking }]
    case 'tool_use':
      return [{ type: 'toolCall', id: block.id, name: block.name, arguments: JSON.stringify(block.input) }]
    default:
      return []
  }
}

const calledTools = (messages: readonly Message[]): CalledTools =>
  new Map(
    messages.flatMap(({ content }) =>
      typeof content === 'string'
        ? []
        : content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.name] as const] : [])),
    ),
  )

const turnsOf = (message: Message, tools: CalledTools): InternalMessage[] => {
  const { role, content } = message
  if (typeof content === 'string') return [{ role, parts: [text(content)] }]
  switch (role) {
    case 'user':
      return userTurns(content, tools)
    case 'system':
      return [systemTurn(content)]
    case 'assistant': {
      const parts = content.flatMap(assistantPart)
      return parts.length > 0 ? [{ role, parts }] : []
    }
  }
}

/**
 * Drops the header that Claude Code puts into the system prompt and that differs in each request: it would defeat
 * prefix caching.
 */
const isHeader = (value: string): boolean => value.startsWith('x-anthropic-billing-header:')

const systemTurn = (blocks: readonly { readonly text: string }[]): Extract<InternalMessage, { role: 'system' }> => {
  const texts = blocks.map((block) => block.text).filter((value) => !isHeader(value))
  return { role: 'system', parts: [text(texts.join('\n'))] }
}

/** Translates an Anthropic conversation into the internal form. */
export const toMessages = (
  system: string | readonly { readonly text: string }[] | null | undefined,
  messages: readonly Message[],
): InternalMessage[] => {
  const first = typeof system === 'string' ? [{ text: system }] : (system ?? [])
  const tools = calledTools(messages)
  const turns = messages.flatMap((message) => turnsOf(message, tools))
  return first.some(({ text: value }) => value !== '') ? [systemTurn(first), ...turns] : turns
}
