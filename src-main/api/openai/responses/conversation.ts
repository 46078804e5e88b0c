import type { Message } from '@core/generation/conversation'
import { customArguments } from '../custom-tools'
import type { Content, InputItem } from './items'

type Answered = Extract<Message, { role: 'assistant' }>['parts']
type Given = Extract<Message, { role: 'user' }>['parts']

const textOf = (content: Content): string =>
  typeof content === 'string'
    ? content
    : content
        .map((part) => (part.type === 'input_image' ? '' : part.type === 'refusal' ? part.refusal : part.text))
        .join('')

/** Consecutive text is merged into one part: without images, templates then see a string. */
const partsOf = (content: Content): Given => {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  const parts: Given = []
  for (const part of content) {
    if (part.type === 'input_image') {
      parts.push(part.image_url)
      continue
    }
    const text = part.type === 'refusal' ? part.refusal : part.text
    const last = parts.at(-1)
    if (last?.type === 'text') parts[parts.length - 1] = { type: 'text', text: last.text + text }
    else parts.push({ type: 'text', text })
  }
  return parts.length > 0 ? parts : [{ type: 'text', text: '' }]
}

/** The parts that an item adds to the assistant's message; undefined for items of other roles. */
const answeredBy = (item: InputItem): Answered | undefined => {
  switch (item.type) {
    case 'function_call':
      return [{ type: 'toolCall', id: item.call_id, name: item.name, arguments: item.arguments }]
    case 'custom_tool_call':
      return [{ type: 'toolCall', id: item.call_id, name: item.name, arguments: customArguments(item.input) }]
    case 'message':
      return item.role === 'assistant' ? [{ type: 'text', text: textOf(item.content) }] : undefined
    case 'reasoning': {
      const text = textOf(item.content ?? []) || textOf(item.summary ?? [])
      return text === '' ? [] : [{ type: 'reasoning', text }]
    }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return undefined
    case 'foreign':
      return []
  }
}

const namesIn = (messages: readonly Message[]): Map<string, string> => {
  const names = new Map<string, string>()
  for (const { role, parts } of messages)
    if (role === 'assistant') for (const part of parts) if (part.type === 'toolCall') names.set(part.id, part.name)
  return names
}

/**
 * Translates items into messages, appended to those of an earlier response. Consecutive reasoning, text and calls of
 * the assistant become one message.
 */
export const toMessages = (items: readonly InputItem[], before: readonly Message[] = []): Message[] => {
  const messages = [...before]
  const result = (id: string, output: Content): Message => {
    const name = namesIn(messages).get(id)
    return { role: 'tool', parts: [{ type: 'toolResult', id, ...(name && { name }), content: partsOf(output) }] }
  }
  for (const item of items) {
    const answered = answeredBy(item)
    if (answered) {
      const last = messages.at(-1)
      if (answered.length === 0) continue
      if (last?.role === 'assistant') messages[messages.length - 1] = { ...last, parts: [...last.parts, ...answered] }
      else messages.push({ role: 'assistant', parts: answered })
    } else if ('output' in item) messages.push(result(item.call_id, item.output))
    else if ('role' in item)
      messages.push(
        item.role === 'user'
          ? { role: 'user', parts: partsOf(item.content) }
          : { role: 'system', parts: [{ type: 'text', text: textOf(item.content) }] },
      )
  }
  return messages
}
