import { z } from 'zod'
import type { ClientRequest } from '@core/generation/request'
import type { Usage } from '@core/generation/stream'

/** Maximum choices per request. */
const MAX_CHOICES = 16
/** Largest seed to which a choice's index can be added exactly. */
const MAX_COUNTED_SEED = 2 ** 52

/** Number of choices. */
export const Choices = z.number().int().min(1).max(MAX_CHOICES)

/**
 * Repeats the request once per choice. A given seed is offset by the choice's index; otherwise all choices would be the
 * same text.
 */
export const choicesOf = <Request extends ClientRequest>(request: Request, count: number): Request[] =>
  Array.from({ length: count }, (_, index) => {
    const { seed } = request.sampling
    if (seed === undefined || index === 0) return request
    return { ...request, sampling: { ...request.sampling, seed: (seed % MAX_COUNTED_SEED) + index } }
  })

/**
 * Sums the usage of choices of one or several prompts, grouped by prompt, `perPrompt` choices each. Each prompt counts
 * once, as in OpenAI's usage.
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
