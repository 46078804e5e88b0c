import type { Usage } from '@core/generation/stream'

/** Usage in the format of chat completions and completions. */
export const toUsage = ({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: Usage): object => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
  prompt_tokens_details: { cached_tokens: cachedTokens },
  completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
})
