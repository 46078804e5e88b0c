import { z } from 'zod'
import type { Api } from '../../api/access'
import { ApiError, unexpected } from '../../api/problem'
import { serverSentEvents } from '../../api/server-sent-events'
import type { Answer } from './conversation.svelte'

const Chunk = z.object({
  choices: z
    .array(z.object({ delta: z.object({ content: z.string().nullish() }), finish_reason: z.string().nullish() }))
    .optional(),
  usage: z.object({ completion_tokens: z.number() }).nullish(),
  error: z.object({ message: z.string(), code: z.string().nullish() }).optional(),
})

const endedEarly = (): ApiError =>
  new ApiError('ended_early', 'The answer broke off.', { hint: 'Ask again; the node may have been restarted.' })

const chunkOf = (data: string): z.infer<typeof Chunk> => {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch (cause) {
    throw unexpected(cause)
  }
  const parsed = Chunk.safeParse(value)
  if (!parsed.success) throw unexpected(parsed.error)
  const { error } = parsed.data
  if (error) throw new ApiError(error.code ?? 'unknown', error.message)
  return parsed.data
}

export interface Question {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly signal: AbortSignal
}

/** The answer as it grows; the last one has its figures. Throws ApiError, and what the signal says. */
export async function* readAnswer(
  api: Pick<Api, 'fetch'>,
  { model, messages, signal }: Question,
): AsyncGenerator<Answer> {
  const askedAt = performance.now()
  const json = { model, messages, stream: true, stream_options: { include_usage: true } }
  const { body } = await api.fetch('/v1/chat/completions', { method: 'POST', json, signal })
  if (!body) throw endedEarly()
  let answer: Answer = { role: 'assistant', text: '' }
  let firstAt: number | undefined
  let lastAt = askedAt
  let finished = false
  for await (const data of serverSentEvents(body)) {
    if (data === '[DONE]') break
    const { choices, usage } = chunkOf(data)
    const [choice] = choices ?? []
    if (choice?.delta.content) {
      lastAt = performance.now()
      firstAt ??= lastAt
      answer = { ...answer, text: answer.text + choice.delta.content }
      yield answer
    }
    if (choice?.finish_reason) {
      finished = true
      if (choice.finish_reason === 'length') answer = { ...answer, cut: 'length' }
    }
    if (usage) answer = { ...answer, ...figures(usage.completion_tokens, { askedAt, firstAt, lastAt }) }
  }
  if (!finished) throw endedEarly()
  yield answer
}

/** The first token waits for the prompt, so the speed is that of those after it. */
const figures = (
  tokens: number,
  { askedAt, firstAt, lastAt }: { askedAt: number; firstAt: number | undefined; lastAt: number },
): Partial<Answer> => {
  if (firstAt === undefined) return { tokens }
  const seconds = (lastAt - firstAt) / 1000
  return {
    tokens,
    firstTokenMs: Math.round(firstAt - askedAt),
    ...(tokens > 1 && seconds > 0 && { tokensPerSecond: (tokens - 1) / seconds }),
  }
}
