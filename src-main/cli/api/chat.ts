import { z } from 'zod'
import { CommandError, UNREACHABLE } from '../exit-codes'
import type { NodeApi } from './node-api'
import { refusal } from './refusal'
import { serverSentEvents } from './server-sent-events'

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export interface ChatSettings {
  readonly temperature?: number | undefined
  readonly maxTokens?: number | undefined
}

const Usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number() })

const Chunk = z.object({
  choices: z.array(
    z.object({
      delta: z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish() }),
      finish_reason: z.string().nullish(),
    }),
  ),
  usage: Usage.nullish(),
})

/** A part of an answer, or its end. */
export type AnswerPart =
  | { readonly kind: 'text' | 'thought'; readonly text: string }
  | { readonly kind: 'end'; readonly reason: string }
  | { readonly kind: 'usage'; readonly promptTokens: number; readonly completionTokens: number }

const partsOf = ({ choices: [choice], usage }: z.infer<typeof Chunk>): AnswerPart[] => {
  const { content, reasoning_content: thought } = choice?.delta ?? {}
  return [
    ...(thought ? [{ kind: 'thought' as const, text: thought }] : []),
    ...(content ? [{ kind: 'text' as const, text: content }] : []),
    ...(choice?.finish_reason ? [{ kind: 'end' as const, reason: choice.finish_reason }] : []),
    ...(usage
      ? [{ kind: 'usage' as const, promptTokens: usage.prompt_tokens, completionTokens: usage.completion_tokens }]
      : []),
  ]
}

/**
 * Sends a chat request and streams its answer. Aborting the signal also cancels it at the node. Throws CommandError for
 * errors of the node, also in mid-answer, and for a broken connection.
 */
export async function* chat(
  api: NodeApi,
  { model, messages, temperature, maxTokens }: { model: string; messages: readonly ChatMessage[] } & ChatSettings,
  signal?: AbortSignal,
): AsyncGenerator<AnswerPart> {
  const response = await api.open('/v1/chat/completions', {
    method: 'POST',
    body: {
      ...{ model, messages, stream: true, stream_options: { include_usage: true } },
      ...(temperature !== undefined && { temperature }),
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    },
    withinMs: Infinity,
    waitingFor: 'the model',
    ...(signal && { signal }),
  })
  try {
    for await (const { data } of serverSentEvents(response)) {
      if (data === '[DONE]') return
      const answer: unknown = JSON.parse(data)
      const { data: chunk } = Chunk.safeParse(answer)
      if (!chunk) throw refusal(response.statusCode ?? 0, answer)
      yield* partsOf(chunk)
    }
  } catch (error) {
    if (signal?.aborted || error instanceof CommandError) throw error
    throw cut(error)
  }
  throw cut(undefined)
}

const cut = (cause: unknown): CommandError =>
  new CommandError('The connection to the node was lost before the answer was complete', {
    hint: 'Try again; `muster doctor` shows what is wrong with the node.',
    exitCode: UNREACHABLE,
    cause,
  })
