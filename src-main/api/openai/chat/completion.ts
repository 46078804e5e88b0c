import type { FinishReason, LogprobEntry } from '@core/generation/stream'
import type { Answer, ToolCall } from '../../answering/answer'
import { usageOfChoices } from '../choices'
import { customInput } from '../custom-tools'
import type { Head } from '../head'
import { toUsage } from '../usage'

/** The form of calls: tool calls, or the legacy single `function_call`; custom tools in their own form. */
export type CallForm = { readonly kind: 'tools'; readonly custom: ReadonlySet<string> } | { readonly kind: 'function' }

const FINISH_REASONS = {
  stop: 'stop',
  length: 'length',
  toolCalls: 'tool_calls',
  cancelled: 'stop',
} as const satisfies Record<FinishReason, string>

export const toFinishReason = (reason: FinishReason, form: CallForm): string =>
  reason === 'toolCalls' && form.kind === 'function' ? 'function_call' : FINISH_REASONS[reason]

export const toLogprobs = (entries: readonly LogprobEntry[]): object => ({
  content: entries.map(({ top, ...token }) => ({ ...token, top_logprobs: top })),
  refusal: null,
})

const toToolCall = ({ id, name, arguments: text }: ToolCall, custom: ReadonlySet<string>): object =>
  custom.has(name)
    ? { id, type: 'custom', custom: { name, input: customInput(text) } }
    : { id, type: 'function', function: { name, arguments: text } }

const callsFrom = ([first, ...others]: readonly ToolCall[], form: CallForm): object => {
  if (!first) return {}
  return form.kind === 'function'
    ? { function_call: { name: first.name, arguments: first.arguments } }
    : { tool_calls: [first, ...others].map((call) => toToolCall(call, form.custom)) }
}

const messageFrom = ({ text, reasoning, toolCalls }: Answer, form: CallForm): object => ({
  role: 'assistant',
  content: text === '' && toolCalls.length > 0 ? null : text,
  refusal: null,
  ...(reasoning !== '' && { reasoning_content: reasoning }),
  ...callsFrom(toolCalls, form),
})

/** Builds a completion with one choice per answer. */
export const toCompletion = ({ id, created, model }: Head, answers: readonly Answer[], form: CallForm): object => ({
  id,
  object: 'chat.completion',
  created,
  model,
  choices: answers.map((answer, index) => ({
    index,
    message: messageFrom(answer, form),
    logprobs: answer.logprobs ? toLogprobs(answer.logprobs) : null,
    finish_reason: toFinishReason(answer.end.reason, form),
  })),
  usage: toUsage(
    usageOfChoices(
      answers.map(({ end }) => end.usage),
      answers.length,
    ),
  ),
})
