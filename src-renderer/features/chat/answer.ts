import { z } from 'zod'
import type { Api } from '../../api/access'
import { ApiError, unexpected } from '../../api/problem'
import { serverSentEvents } from '../../api/server-sent-events'
import type { ApiMessage } from './branches'
import type { AnswerRecord, ChatOptions, TokenAlternatives, ToolCall } from './records'
import { t } from '../../state/texts.svelte'

const Logprob = z.object({ token: z.string(), logprob: z.number() })
const TokenLogprobs = Logprob.extend({ top_logprobs: z.array(Logprob) })

const Delta = z.object({
  content: z.string().nullish(),
  reasoning_content: z.string().nullish(),
  tool_calls: z
    .array(
      z.object({
        index: z.number(),
        id: z.string().nullish(),
        function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }),
      }),
    )
    .nullish(),
})
type Delta = z.infer<typeof Delta>

const Chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: Delta,
        logprobs: z.object({ content: z.array(TokenLogprobs).nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  prompt_progress: z.object({ processed: z.number(), total: z.number() }).optional(),
  queue: z.object({ ahead: z.number() }).optional(),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
  error: z.object({ message: z.string(), code: z.string().nullish() }).optional(),
})
type Chunk = z.infer<typeof Chunk>

/** Prefill progress. */
export interface PromptProgress {
  readonly processed: number
  readonly total: number
  /** Undefined until it can be estimated. */
  readonly leftMs: number | undefined
}

/** An answer while it streams. */
export interface GrowingAnswer extends AnswerRecord {
  /** Absent after the first token. */
  readonly progress?: PromptProgress | undefined
  /** Requests ahead of this one, while it is queued. */
  readonly ahead?: number | undefined
}

const endedEarly = (): ApiError => new ApiError('ended_early', t('chat.brokeOff'), { hint: t('chat.brokeOffHint') })

const chunkOf = (data: string): Chunk => {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw unexpected(cause)
  }
  const parsed = Chunk.safeParse(value)
  if (!parsed.success) throw unexpected(parsed.error)
  const { error } = parsed.data
  if (error) throw new ApiError(error.code ?? 'unknown', error.message, { isOfNode: true })
  return parsed.data
}

export interface Question {
  readonly model: string
  readonly messages: readonly ApiMessage[]
  readonly options: ChatOptions
  readonly signal: AbortSignal
}

/** Number of alternatives per token. */
const ALTERNATIVES = 5

/** The request body; unset options keep the model's defaults. */
export const requestBody = ({ model, messages, options }: Omit<Question, 'signal'>): Record<string, unknown> => {
  const { temperature, topP, topK, minP, repetitionPenalty, maxTokens, seed, tools, thinking, alternatives } = options
  const body = {
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    return_progress: true,
    temperature,
    top_p: topP,
    top_k: topK,
    min_p: minP,
    repetition_penalty: repetitionPenalty,
    max_completion_tokens: maxTokens,
    seed,
    tools: tools && tools.length > 0 ? tools.map((tool) => ({ type: 'function', function: tool })) : undefined,
    enable_thinking: thinking,
    ...(alternatives && { logprobs: true, top_logprobs: ALTERNATIVES }),
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}

const withCalls = (known: readonly ToolCall[] = [], more: NonNullable<Delta['tool_calls']>): readonly ToolCall[] => {
  const calls = [...known]
  for (const { index, id, function: said } of more) {
    const call = calls[index] ?? { id: `call-${index}`, name: '', arguments: '' }
    calls[index] = {
      id: id ?? call.id,
      name: said.name ?? call.name,
      arguments: call.arguments + (said.arguments ?? ''),
    }
  }
  return calls
}

/** Assembles stream chunks into an answer and measures it. Times are milliseconds of one clock. */
class AnswerReader {
  answer: GrowingAnswer = { text: '' }
  finished = false
  private firstAt: number | undefined
  private lastAt: number
  private firstProgress: { readonly at: number; readonly processed: number } | undefined

  constructor(private readonly askedAt: number) {
    this.lastAt = askedAt
  }

  take({ choices, prompt_progress: progress, queue, usage }: Chunk, now: number): void {
    const [choice] = choices ?? []
    if (queue && this.firstAt === undefined) this.answer = { ...this.answer, ahead: queue.ahead }
    if (progress && this.firstAt === undefined) this.takeProgress(progress, now)
    if (choice) {
      this.takeDelta(choice.delta, now)
      const logprobs = choice.logprobs?.content ?? []
      if (logprobs.length > 0) this.takeAlternatives(logprobs)
      if (choice.finish_reason) {
        this.finished = true
        if (choice.finish_reason === 'length') this.answer = { ...this.answer, cut: 'length' }
      }
    }
    if (usage) this.answer = { ...this.answer, ...this.figures(usage.completion_tokens) }
  }

  private takeDelta({ content, reasoning_content: thought, tool_calls: calls }: Delta, now: number): void {
    if (!content && !thought && !calls) return
    this.lastAt = now
    this.firstAt ??= now
    const { progress: _done, ahead: _turn, ...before } = this.answer
    this.answer = {
      ...before,
      text: before.text + (content ?? ''),
      ...(thought && { thinking: (before.thinking ?? '') + thought, thinkingMs: Math.round(now - this.firstAt) }),
      ...(calls && { calls: [...withCalls(before.calls, calls)] }),
    }
  }

  private takeProgress({ processed, total }: { processed: number; total: number }, now: number): void {
    this.firstProgress ??= { at: now, processed }
    const done = processed - this.firstProgress.processed
    const leftMs = done > 0 ? ((now - this.firstProgress.at) / done) * (total - processed) : undefined
    const { ahead: _turn, ...before } = this.answer
    this.answer = { ...before, progress: { processed, total, leftMs } }
  }

  private takeAlternatives(tokens: readonly z.infer<typeof TokenLogprobs>[]): void {
    const more = tokens.map(({ token, logprob, top_logprobs: top }): TokenAlternatives => ({ token, logprob, top }))
    this.answer = { ...this.answer, alternatives: [...(this.answer.alternatives ?? []), ...more] }
  }

  /** Excludes the first token, whose time includes prefill. */
  private figures(tokens: number): Partial<AnswerRecord> {
    if (this.firstAt === undefined) return { tokens }
    const seconds = (this.lastAt - this.firstAt) / 1000
    return {
      tokens,
      firstTokenMs: Math.round(this.firstAt - this.askedAt),
      ...(tokens > 1 && seconds > 0 && { tokensPerSecond: (tokens - 1) / seconds }),
    }
  }
}

/** Yields the answer as it grows; the last value has its figures. Throws ApiError, or the signal's abort reason. */
export async function* readAnswer(api: Pick<Api, 'fetch'>, question: Question): AsyncGenerator<GrowingAnswer> {
  const reader = new AnswerReader(performance.now())
  const { signal } = question
  const { body } = await api.fetch('/v1/chat/completions', { method: 'POST', json: requestBody(question), signal })
  if (!body) throw endedEarly()
  for await (const data of serverSentEvents(body)) {
    if (data === '[DONE]') break
    reader.take(chunkOf(data), performance.now())
    yield reader.answer
  }
  if (!reader.finished) throw endedEarly()
  yield reader.answer
}
