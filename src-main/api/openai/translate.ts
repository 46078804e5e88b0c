import type { Message } from '@core/generation/conversation'
import type { ClientRequest, Sampling } from '@core/generation/request'
import type { ContentDelta, FinishReason, LogprobEntry, Usage } from '@core/generation/stream'
import type { Answer, Delta, Finished, ToolCall } from '../answering/answer'
import type { AnswerWriter } from '../answering/stream-answer'
import { openaiError } from '../dialect'
import { Problem } from '../problem'
import type { ChatCompletionRequest } from './schema'

const textOf = (content: ChatCompletionRequest['messages'][number]['content']): string =>
  typeof content === 'string'
    ? content
    : (content ?? []).map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')

/** OpenAI's newer name for the system's role is unknown to chat templates. */
const messageOf = ({ role, content }: ChatCompletionRequest['messages'][number]): Message => {
  const text = { type: 'text', text: textOf(content) } as const
  if (role === 'tool') return { role, parts: [{ type: 'toolResult', id: 'call', content: [text] }] }
  return { role: role === 'developer' ? 'system' : role, parts: [text] }
}

const given = <Value extends object>(values: Value): { [Key in keyof Value]?: NonNullable<Value[Key]> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null)) as {
    [Key in keyof Value]?: NonNullable<Value[Key]>
  }

/** OpenAI's request as ours. Throws Problem. */
export const toRequest = (body: ChatCompletionRequest): ClientRequest => {
  const { temperature, top_p: topP, top_k: topK, min_p: minP, repetition_penalty: repetitionPenalty, seed, stop } = body
  if (body.top_logprobs && !body.logprobs) {
    throw new Problem(400, 'invalid_request', 'top_logprobs needs "logprobs": true', { param: 'top_logprobs' })
  }
  const sampling: Sampling = given({ temperature, topP, topK, minP, repetitionPenalty, seed })
  const maxTokens = body.max_completion_tokens ?? body.max_tokens
  return {
    model: body.model,
    prompt: { kind: 'chat', messages: body.messages.map(messageOf) },
    sampling,
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
    ...given({ maxTokens, logprobs: body.logprobs ? (body.top_logprobs ?? 0) : undefined }),
  }
}

/** What identifies one completion. `created` in seconds. */
export interface Head {
  readonly id: string
  readonly created: number
  readonly model: string
}

const FINISH_REASONS = {
  stop: 'stop',
  length: 'length',
  toolCalls: 'tool_calls',
  cancelled: 'stop',
} as const satisfies Record<FinishReason, string>

export const toUsage = ({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
  completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
})

const toLogprobs = (entries: readonly LogprobEntry[]): object => ({
  content: entries.map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
  refusal: null,
})

const toToolCall = ({ id, name, arguments: text }: ToolCall): object => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

const messageFrom = ({ text, reasoning, toolCalls }: Answer): object => ({
  role: 'assistant',
  content: text === '' && toolCalls.length > 0 ? null : text,
  refusal: null,
  ...(reasoning !== '' && { reasoning_content: reasoning }),
  ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(toToolCall) }),
})

export const toCompletion = ({ id, created, model }: Head, answer: Answer): object => ({
  id,
  object: 'chat.completion',
  created,
  model,
  choices: [
    {
      index: 0,
      message: messageFrom(answer),
      logprobs: answer.logprobs ? toLogprobs(answer.logprobs) : null,
      finish_reason: FINISH_REASONS[answer.end.reason],
    },
  ],
  usage: toUsage(answer.end.usage),
})

const deltaFrom = (delta: ContentDelta): object => {
  switch (delta.channel) {
    case 'text':
      return { content: delta.text }
    case 'reasoning':
      return { reasoning_content: delta.text }
    case 'toolCall': {
      const { index, id, name, arguments: text } = delta
      const named = { ...(name !== undefined && { name }), arguments: text }
      return { tool_calls: [{ index, ...(id !== undefined && { id, type: 'function' }), function: named }] }
    }
  }
}

/** Writes the chunks of one stream; what they share is serialised once. */
export class Chunks implements AnswerWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly heartbeat = ': alive\n\n'
  private readonly head: string
  private readonly tail: string

  constructor(
    { id, created, model }: Head,
    private readonly includeUsage: boolean,
  ) {
    const head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model })
    this.head = `data: ${head.slice(0, -1)},"choices":[`
    this.tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n'
  }

  begin(): string {
    return this.chunk({ role: 'assistant', content: '' })
  }

  delta({ content, logprobs }: Delta): string {
    const [first = { channel: 'text', text: '' } as const, ...others] = content
    if (content.length === 0 && !logprobs) return ''
    // Log probabilities go with the first part: a token has one entry, whatever it adds to.
    return this.chunk(deltaFrom(first), { logprobs }) + others.map((part) => this.chunk(deltaFrom(part))).join('')
  }

  finished({ reason, usage }: Finished): string {
    const last = this.chunk({}, { reason: FINISH_REASONS[reason] })
    const used = this.includeUsage ? `${this.head}],"usage":${JSON.stringify(toUsage(usage))}}\n\n` : ''
    return `${last}${used}data: [DONE]\n\n`
  }

  failed(problem: Problem): string {
    return `data: ${JSON.stringify(openaiError(problem))}\n\n`
  }

  private chunk(
    delta: object,
    { logprobs, reason }: { logprobs?: readonly LogprobEntry[] | undefined; reason?: string } = {},
  ): string {
    const choice = {
      index: 0,
      delta,
      logprobs: logprobs ? toLogprobs(logprobs) : null,
      finish_reason: reason ?? null,
    }
    return `${this.head}${JSON.stringify(choice)}${this.tail}`
  }
}
