import { randomUUID } from 'node:crypto'
import type { Usage } from '@core/generation/stream'
import type { Answer, Finished, ToolCall } from '../answering/answer'

/** The id and model of one message. */
export interface Head {
  readonly id: string
  readonly model: string
}

export const newHead = (model: string): Head => ({ id: `msg_${randomUUID().replaceAll('-', '')}`, model })

/**
 * Placeholder for the signature that Anthropic puts on thinking blocks: clients drop unsigned thinking, which would
 * lose it from the conversation. Not verified when it comes back.
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

/** Anthropic counts cached tokens separately from the other prompt tokens. */
export const toUsage = ({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object => ({
  input_tokens: Math.max(0, promptTokens - cachedTokens),
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: cachedTokens,
  output_tokens: completionTokens,
  ...(reasoningTokens !== undefined && { output_tokens_details: { thinking_tokens: reasoningTokens } }),
})

const NOTHING_USED: Usage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }

/** An empty message, for the start of a stream, with the token counts of the prompt as far as they are known. */
export const emptyMessage = ({ id, model }: Head, prompt: Partial<Usage> = {}): object => ({
  id,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: toUsage({ ...NOTHING_USED, ...prompt }),
})

/** The arguments as an object; empty if the token limit truncated them. */
const inputOf = ({ arguments: text }: ToolCall): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

/** A complete answer as an Anthropic message. */
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
