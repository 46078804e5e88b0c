import type { Message } from '@core/generation/conversation'
import type { ClientRequest, Sampling } from '@core/generation/request'
import type { FinishReason, GenerationUpdate, LogprobEntry, Usage } from '@core/generation/stream'
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

const finishReason = (reason: FinishReason): 'stop' | 'length' => (reason === 'length' ? 'length' : 'stop')

export const toUsage = ({ promptTokens, cachedTokens, completionTokens }: Usage): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
})

const toLogprobs = (entries: readonly LogprobEntry[]): object => ({
  content: entries.map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
  refusal: null,
})

export const toCompletion = (
  { id, created, model }: Head,
  answer: {
    text: string
    logprobs: readonly LogprobEntry[] | undefined
    end: Extract<GenerationUpdate, { type: 'finished' }>
  },
): object => ({
  id,
  object: 'chat.completion',
  created,
  model,
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: answer.text, refusal: null },
      logprobs: answer.logprobs ? toLogprobs(answer.logprobs) : null,
      finish_reason: finishReason(answer.end.reason),
    },
  ],
  usage: toUsage(answer.end.usage),
})

/** Writes the chunks of one stream; what they share is serialised once. */
export class Chunks {
  private readonly head: string
  private readonly tail: string

  constructor({ id, created, model }: Head, includeUsage: boolean) {
    const head = JSON.stringify({ id, object: 'chat.completion.chunk', created, model })
    this.head = `data: ${head.slice(0, -1)},"choices":[`
    this.tail = includeUsage ? '],"usage":null}\n\n' : ']}\n\n'
  }

  begin(): string {
    return this.chunk('{"role":"assistant","content":""}', 'null', 'null')
  }

  delta(text: string, logprobs: readonly LogprobEntry[] | undefined): string {
    return this.chunk(
      `{"content":${JSON.stringify(text)}}`,
      logprobs ? JSON.stringify(toLogprobs(logprobs)) : 'null',
      'null',
    )
  }

  end(reason: FinishReason): string {
    return this.chunk('{}', 'null', `"${finishReason(reason)}"`)
  }

  usage(usage: Usage): string {
    return `${this.head}],"usage":${JSON.stringify(toUsage(usage))}}\n\n`
  }

  private chunk(delta: string, logprobs: string, reason: string): string {
    return `${this.head}{"index":0,"delta":${delta},"logprobs":${logprobs},"finish_reason":${reason}}${this.tail}`
  }
}
