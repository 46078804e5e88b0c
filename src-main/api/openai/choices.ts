import { z } from 'zod'
import type { ClientRequest } from '@core/generation/request'
import type { Usage } from '@core/generation/stream'

/** Most answers to one request. */
const MAX_CHOICES = 16
/** Whole numbers up to here plus a choice's number are exact. */
const MAX_COUNTED_SEED = 2 ** 52

/** How many answers are wanted. */
export const Choices = z.number().int().min(1).max(MAX_CHOICES)

/** The same request once for each choice. Of a seed each choice has one of its own, or all would be the same text. */
export const choicesOf = <Request extends ClientRequest>(request: Request, count: number): Request[] =>
  Array.from({ length: count }, (_, index) => {
    const { seed } = request.sampling
    if (seed === undefined || index === 0) return request
    return { ...request, sampling: { ...request.sampling, seed: (seed % MAX_COUNTED_SEED) + index } }
  })

/**
 * What the choices of one or several prompts used together, `perPrompt` choices of one prompt after another: a prompt
 * counts once, as OpenAI counts it.
 */
export const usageOfChoices = (usages: readonly Usage[], perPrompt: number): Usage => {
  const sum = (of: (usage: Usage) => number, counted: readonly Usage[] = usages): number =>
    counted.reduce((total, usage) => total + of(usage), 0)
  const prompts = usages.filter((_, index) => index % perPrompt === 0)
  return {
    promptTokens: sum(({ promptTokens }) => promptTokens, prompts),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens, prompts),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    reasoningTokens: sum(({ reasoningTokens }) => reasoningTokens ?? 0),
  }
}
