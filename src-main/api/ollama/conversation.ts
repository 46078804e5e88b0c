import type { Message as InternalMessage, Part, ToolCallPart } from '@core/generation/conversation'
import { Problem } from '../problem'
import type { Message } from './schema'

type TextPart = Extract<Part, { type: 'text' }>
type ImagePart = Extract<Part, { type: 'image' }>

const text = (value: string): TextPart => ({ type: 'text', text: value })

/** First base64 characters of each image format. */
const BEGINNINGS = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
] as const

/** Ollama clients send the bare file; the format is detected from its first bytes. Throws Problem. */
const toImage = (data: string): ImagePart => {
  const known = BEGINNINGS.find(([beginning]) => data.startsWith(beginning))
  if (!known)
    throw new Problem(400, 'invalid_request', 'images: expected PNG, JPEG, GIF or WebP in base64', { param: 'images' })
  return { type: 'image', mediaType: known[1], data }
}

/** A user message: images come before the text about them. */
export const givenBy = (content: string, images: readonly string[]): (TextPart | ImagePart)[] => [
  ...images.map(toImage),
  ...(content === '' && images.length > 0 ? [] : [text(content)]),
]

type Call = NonNullable<Message['tool_calls']>[number]

const argumentsOf = ({ function: { arguments: given } }: Call): string =>
  typeof given === 'string' ? given || '{}' : JSON.stringify(given ?? {})

/** Calls without a result yet, oldest first. */
class OpenCalls {
  private readonly open: { readonly id: string; readonly name: string }[] = []
  private made = 0

  /** Ollama's calls need no id: results are matched by tool name and order. */
  add(call: Call): ToolCallPart {
    const { name } = call.function
    const id = call.id ?? `call_${this.made}`
    this.made += 1
    this.open.push({ id, name })
    return { type: 'toolCall', id, name, arguments: argumentsOf(call) }
  }

  /** The call that a result answers: by id, else the oldest of that tool, else the oldest. */
  answered({ tool_call_id, tool_name }: Message): { readonly id: string; readonly name?: string } {
    const byId = this.open.findIndex(({ id }) => id === tool_call_id)
    const byName = this.open.findIndex(({ name }) => name === tool_name)
    const [call] = this.open.splice(byId >= 0 ? byId : Math.max(byName, 0), 1)
    const name = tool_name ?? call?.name
    return { id: tool_call_id ?? call?.id ?? 'call', ...(name !== undefined && { name }) }
  }
}

const assistantParts = (
  { content, thinking, tool_calls }: Message,
  calls: OpenCalls,
): Extract<InternalMessage, { role: 'assistant' }>['parts'] => [
  ...(thinking ? [{ type: 'reasoning' as const, text: thinking }] : []),
  ...(content ? [text(content)] : []),
  ...(tool_calls ?? []).map((call) => calls.add(call)),
]

/** Translates an Ollama conversation into the internal form. Throws Problem. */
export const toMessages = (messages: readonly Message[]): InternalMessage[] => {
  const calls = new OpenCalls()
  return messages.map((message): InternalMessage => {
    const content = message.content ?? ''
    switch (message.role) {
      case 'system':
      case 'developer':
        return { role: 'system', parts: [text(content)] }
      case 'user':
        return { role: 'user', parts: givenBy(content, message.images ?? []) }
      case 'assistant':
        return { role: 'assistant', parts: assistantParts(message, calls) }
      case 'tool':
        return {
          role: 'tool',
          parts: [{ type: 'toolResult', ...calls.answered(message), content: givenBy(content, message.images ?? []) }],
        }
    }
  })
}
