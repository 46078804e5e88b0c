import { z } from 'zod'
import type { Message } from '../generation/conversation'
import { GenerationRequest } from '../generation/request'
import {
  FinishReason,
  GenerationErrorCode,
  LogprobEntry,
  textOn,
  Usage,
  type GenerationUpdate,
} from '../generation/stream'
import { InstanceId, ModelId, TaskId } from '../ids'

/**
 * The `generate` stream in link protocol 1, where messages and answers are plain text. Members are updated one at a
 * time, so a new version must still speak this to an old one.
 */

const Message1 = z.strictObject({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: z.string() })

export const GenerationRequest1 = z.strictObject({
  taskId: TaskId,
  modelId: ModelId,
  prompt: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('chat'), messages: z.array(Message1).min(1) }),
    z.strictObject({ kind: z.literal('text'), text: z.string() }),
  ]),
  sampling: z.strictObject({
    temperature: z.number().min(0).max(10).optional(),
    topP: z.number().min(0).max(1).optional(),
    topK: z.number().int().min(0).optional(),
    minP: z.number().min(0).max(1).optional(),
    repetitionPenalty: z.number().positive().max(10).optional(),
    seed: z.number().int().optional(),
  }),
  maxTokens: z.number().int().positive().optional(),
  stop: z.array(z.string().min(1)).max(16),
  logprobs: z.number().int().min(0).max(20).optional(),
})
export type GenerationRequest1 = z.infer<typeof GenerationRequest1>

export const GenerateParams1 = z.object({ request: GenerationRequest1, instanceId: InstanceId })
export type GenerateParams1 = z.infer<typeof GenerateParams1>

const Timings = z.object({ firstToken: z.number(), tokensPerSecond: z.number() })

export const GenerationUpdate1 = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), processed: z.number().int(), total: z.number().int() }),
  z.object({
    type: z.literal('delta'),
    text: z.string(),
    tokens: z.number().int().nonnegative(),
    logprobs: z.array(LogprobEntry).optional(),
  }),
  z.object({
    type: z.literal('finished'),
    reason: FinishReason.exclude(['toolCalls']),
    usage: Usage.pick({ promptTokens: true, cachedTokens: true, completionTokens: true }),
    stopSequence: z.string().optional(),
    timings: Timings.optional(),
  }),
  z.object({ type: z.literal('failed'), code: GenerationErrorCode, message: z.string() }),
])
export type GenerationUpdate1 = z.infer<typeof GenerationUpdate1>

const textOf = ({ role, parts }: Message): string => {
  if (role === 'tool') return parts.flatMap(({ content }) => content.flatMap(onlyText)).join('')
  return parts.flatMap(onlyText).join('')
}

const onlyText = (part: { readonly type: string; readonly text?: string }): string[] =>
  part.type === 'text' && part.text !== undefined ? [part.text] : []

const isPlain = ({ role, parts }: Message): boolean =>
  role !== 'tool' && parts.every(({ type }) => type === 'text' || type === 'reasoning')

const plainPrompt = (prompt: GenerationRequest['prompt']): GenerationRequest1['prompt'] | undefined => {
  switch (prompt.kind) {
    case 'text':
      return prompt
    case 'tokens':
    case 'embed':
      return undefined
    case 'chat': {
      const { messages, tools = [], reasoning, continueLast, templateArguments } = prompt
      const more = tools.length > 0 || reasoning !== undefined || continueLast === true
      if (more || templateArguments !== undefined || !messages.every(isPlain)) return undefined
      return { kind: 'chat', messages: messages.map((message) => ({ role: message.role, content: textOf(message) })) }
    }
  }
}

/** Converts a request for a machine with protocol 1; undefined if that protocol cannot express it. */
export const toRequest1 = (request: GenerationRequest): GenerationRequest1 | undefined => {
  const { prompt, countOnly, format, sampling, ...rest } = request
  const plain = plainPrompt(prompt)
  if (plain === undefined || countOnly === true || format !== undefined) return undefined
  const result = GenerationRequest1.safeParse({ ...rest, sampling, prompt: plain })
  return result.success ? result.data : undefined
}

/** Converts a request from a machine with protocol 1. */
export const fromRequest1 = ({ prompt, ...rest }: GenerationRequest1): GenerationRequest =>
  GenerationRequest.parse({
    ...rest,
    prompt:
      prompt.kind === 'text'
        ? prompt
        : {
            kind: 'chat',
            // Protocol 1 has no tool calls, so a tool's turn has nothing to refer to; keep its text as the user's.
            messages: prompt.messages.map(({ role, content }) => ({
              role: role === 'tool' ? 'user' : role,
              parts: [{ type: 'text', text: content }],
            })),
          },
  })

/** Converts an update for a machine with protocol 1; undefined if that protocol cannot express it. */
export const toUpdate1 = (update: GenerationUpdate): GenerationUpdate1 | undefined => {
  switch (update.type) {
    case 'delta': {
      const { content, ...rest } = update
      return { ...rest, text: textOn('text', content) }
    }
    case 'embeddings':
      return undefined
    case 'finished': {
      const { promptTokens, cachedTokens, completionTokens } = update.usage
      const reason = update.reason === 'toolCalls' ? 'stop' : update.reason
      return { ...update, reason, usage: { promptTokens, cachedTokens, completionTokens } }
    }
    case 'failed':
      return unavailableToOthers(update)
    case 'progress':
      return update
  }
}

/** Replaces refusals for lack of capacity by a code that versions without a queue understand as retryable. */
export const unavailableToOthers = <Update extends GenerationUpdate>(update: Update): Update =>
  update.type === 'failed' && (update.code === 'overloaded' || update.code === 'too_many_requests')
    ? { ...update, code: 'model_unavailable' }
    : update

/** Converts an update from a machine with protocol 1. */
export const fromUpdate1 = (update: GenerationUpdate1): GenerationUpdate => {
  if (update.type !== 'delta') return update
  const { text, ...rest } = update
  return { ...rest, content: text === '' ? [] : [{ channel: 'text', text }] }
}
