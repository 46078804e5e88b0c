import type { FinishReason, LogprobEntry, TokenLogprob } from '@core/generation/stream'
import type { Answer, Finished, ToolCall } from '../answering/answer'

const NANOSECONDS = 1e9
const NS_PER_MS = 1e6

/** One answer: the requested model name, and the time elapsed so far. */
export interface Head {
  readonly model: string
  /** Time of the request, sent as `createdAt` in every line: ISO 8601. */
  readonly createdAt: string
  /** Milliseconds since the request arrived. */
  readonly elapsed: () => number
}

export const newHead = (model: string): Head => {
  const start = performance.now()
  return { model, createdAt: new Date().toISOString(), elapsed: () => performance.now() - start }
}

export const lineHead = ({ model, createdAt }: Head): object => ({ model, created_at: createdAt })

const DONE_REASONS = {
  stop: 'stop',
  length: 'length',
  toolCalls: 'stop',
  cancelled: 'stop',
} as const satisfies Record<FinishReason, string>

const whole = (value: number): number => Math.max(0, Math.round(value))

/** The final fields: done reason, token counts, and durations in nanoseconds. */
export const ending = ({ reason, usage, timings }: Finished, { elapsed }: Head): object => {
  const total = elapsed() * NS_PER_MS
  const prompt = (timings?.firstToken ?? 0) * NANOSECONDS
  const rate = timings?.tokensPerSecond ?? 0
  // The rate leaves out the first token, so that for few tokens more time would result than there was.
  const generated = rate > 0 ? Math.min((usage.completionTokens / rate) * NANOSECONDS, total - prompt) : 0
  return {
    done: true,
    done_reason: DONE_REASONS[reason],
    total_duration: whole(total),
    load_duration: whole(total - prompt - generated),
    prompt_eval_count: usage.promptTokens,
    prompt_eval_duration: whole(prompt),
    eval_count: usage.completionTokens,
    eval_duration: whole(generated),
  }
}

/** The arguments as an object; empty if the token limit truncated them. */
const argumentsOf = ({ arguments: text }: ToolCall): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

export const toToolCall = (call: ToolCall, index: number): object => ({
  id: call.id,
  function: { index, name: call.name, arguments: argumentsOf(call) },
})

const toLogprob = ({ token, logprob, bytes }: TokenLogprob): object => ({ token, logprob, ...(bytes && { bytes }) })

export const toLogprobs = (entries: readonly LogprobEntry[] | undefined): object =>
  entries
    ? { logprobs: entries.map(({ top, ...token }) => ({ ...toLogprob(token), top_logprobs: top.map(toLogprob) })) }
    : {}

/** A complete or partial answer in the shape of one route. */
export interface Piece {
  readonly text?: string
  readonly reasoning?: string
  readonly toolCalls?: readonly object[]
}

/** The shape in which a route returns text: in a message, or as a field of its own. */
export type Shape = (piece: Piece) => object

export const chatShape: Shape = ({ text = '', reasoning, toolCalls }) => ({
  message: {
    role: 'assistant',
    content: text,
    ...(reasoning && { thinking: reasoning }),
    ...(toolCalls && toolCalls.length > 0 && { tool_calls: toolCalls }),
  },
})

export const generateShape: Shape = ({ text = '', reasoning }) => ({
  response: text,
  ...(reasoning && { thinking: reasoning }),
})

/** A complete answer as one object. */
export const toAnswer = (head: Head, shape: Shape, { text, reasoning, toolCalls, logprobs, end }: Answer): object => ({
  ...lineHead(head),
  ...shape({ text, reasoning, toolCalls: toolCalls.map(toToolCall) }),
  ...toLogprobs(logprobs),
  ...ending(end, head),
})
