import type { Message, ToolCallPart } from '@core/generation/conversation'
import { customArguments } from '../custom-tools'
import type { AssistantMessage, Content, Message as ChatMessage } from './messages'

type Assistant = Extract<Message, { role: 'assistant' }>['parts']
type Given = Extract<Message, { role: 'user' }>['parts']

const textOf = (content: Content | null | undefined): string =>
  typeof content === 'string'
    ? content
    : (content ?? [])
        .map((part) => (part.type === 'text' ? part.text : part.type === 'refusal' ? part.refusal : ''))
        .join('')

/** Consecutive text is merged into one part: without images, templates then see a string. */
const partsOf = (content: Content | null | undefined): Given => {
  if (typeof content === 'string' || content === null || content === undefined)
    return [{ type: 'text', text: content ?? '' }]
  const parts: Given = []
  for (const part of content) {
    if (part.type === 'image_url') {
      parts.push('url' in part.image_url ? part.image_url.url : part.image_url)
      continue
    }
    const text = part.type === 'text' ? part.text : part.refusal
    const last = parts.at(-1)
    if (last?.type === 'text') parts[parts.length - 1] = { type: 'text', text: last.text + text }
    else parts.push({ type: 'text', text })
  }
  return parts.length > 0 ? parts : [{ type: 'text', text: '' }]
}

const argumentsOf = (given: string | object | null | undefined): string =>
  typeof given === 'string' ? given : JSON.stringify(given ?? {})

const callsOf = ({ tool_calls, function_call }: AssistantMessage, position: number): ToolCallPart[] =>
  [...(tool_calls ?? []), ...(function_call ? [{ id: undefined, function: function_call }] : [])].map(
    (call, index) => ({
      type: 'toolCall',
      // Legacy function calls have no ids.
      id: call.id || `call_${position}_${index}`,
      ...('custom' in call
        ? { name: call.custom.name, arguments: customArguments(call.custom.input) }
        : { name: call.function.name, arguments: argumentsOf(call.function.arguments) }),
    }),
  )

const assistantOf = (message: AssistantMessage, calls: readonly ToolCallPart[]): Assistant => {
  const reasoning = message.reasoning_content ?? message.reasoning ?? ''
  const text = textOf(message.content) || (message.refusal ?? '')
  return [
    ...(reasoning === '' ? [] : [{ type: 'reasoning' as const, text: reasoning }]),
    ...(text === '' && calls.length > 0 ? [] : [{ type: 'text' as const, text }]),
    ...calls,
  ]
}

/**
 * Translates OpenAI messages into the internal form. A tool result without a call id answers the first call of that
 * name, or else the first call, that has no result yet.
 */
export const toMessages = (messages: readonly ChatMessage[]): Message[] => {
  const calls: ToolCallPart[] = []
  const open = new Set<ToolCallPart>()
  const result = (
    content: Content | null | undefined,
    id: string | null | undefined,
    name?: string | null,
  ): Message => {
    const waiting = [...open]
    const call = id
      ? calls.findLast((made) => made.id === id)
      : (waiting.find((made) => made.name === name) ?? (name ? undefined : waiting[0]))
    if (call) open.delete(call)
    const called = call?.name ?? name
    return {
      role: 'tool',
      parts: [
        {
          type: 'toolResult',
          id: id || (call?.id ?? 'call'),
          ...(called && { name: called }),
          content: partsOf(content),
        },
      ],
    }
  }
  return messages.map((message, position): Message => {
    switch (message.role) {
      // `developer`, OpenAI's newer name of the system role, is unknown to chat templates.
      case 'developer':
      case 'system':
        return { role: 'system', parts: [{ type: 'text', text: textOf(message.content) }] }
      case 'user':
        return { role: 'user', parts: partsOf(message.content) }
      case 'assistant': {
        const made = callsOf(message, position)
        for (const call of made) {
          calls.push(call)
          open.add(call)
        }
        return { role: 'assistant', parts: assistantOf(message, made) }
      }
      case 'tool':
        return result(message.content, message.tool_call_id)
      case 'function':
        return result(message.content, undefined, message.name)
    }
  })
}
