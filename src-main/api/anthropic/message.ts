import { randomUUID } from 'node:crypto'
import type { Usage } from '@core/generation/stream'
import type { Answer, Finished, ToolCall } from '../answering/answer'

/** What identifies one message. */
export interface Head {
  readonly id: string
  readonly model: string
}

export const newHead = (model: string): Head => ({ id: `msg_${randomUUID().replaceAll('-', '')}`, model })

/**
 * Stands where Anthropic signs a model's thoughts: clients drop thinking that has no signature, and a conversation
 * would lose it. It is not checked when it comes back.
 */
export const SIGNATURE = 'muster'

export const stopOf = ({ reason, stopSequence }: Finished): { stop_reason: string; stop_sequence: string | null } => {
  switch (reason) {
    case 'stop':
    case 'cancelled':
      return stopSequence === undefined
        ? { stop_reason: 'end_turn', stop_sequence: null }
        : { stop_reason: 'stop_sequence', stop_sequence: stopSequence }
    case 'length':
      return { stop_reason: 'max_tokens', stop_sequence: null }
    case 'toolCalls':
      return { stop_reason: 'tool_use', stop_sequence: null }
  }
}

/** Anthropic counts what came from the cache apart from the rest of the prompt. */
export const toUsage = ({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object => ({
  input_tokens: Math.max(0, promptTokens - cachedTokens),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cachedTokens,
  output_tokens: completionTokens,
  ...(reasoningTokens !== undefined && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
})

const NOTHING_USED: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }

/** A message before anything is in it. */
export const emptyMessage = ({ id, model }: Head): object => ({
  id,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: toUsage(NOTHING_USED),
})

/** The arguments as an object. A call that the limit of tokens cut short has none that could be read. */
const inputOf = ({ arguments: text }: ToolCall): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

/** A whole answer as Anthropic's message. */
export const toMessage = (head: Head, { text, reasoning, toolCalls, end }: Answer): object => ({
  ...emptyMessage(head),
  content: [
    ...(reasoning === '' ? [] : [{ type: 'thinking', thinking: reasoning, signature: SIGNATURE }]),
    ...(text === '' ? [] : [{ type: 'text', text, citations: null }]),
    ...toolCalls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: inputOf(call) })),
  ],
  ...stopOf(end),
  usage: toUsage(end.usage),
})
