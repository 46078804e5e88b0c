import type { LogprobEntry } from '@core/generation/stream'

/** Log probabilities as completions give them: parallel lists. `text_offset` in UTF-16 units. */
export interface ListedLogprobs {
  readonly tokens: readonly string[]
  readonly token_logprobs: readonly number[]
  readonly top_logprobs: readonly Readonly<Record<string, number>>[] | null
  readonly text_offset: readonly number[]
}

/** `offset`: position of the first token in the choice's text. */
export const listedLogprobs = (entries: readonly LogprobEntry[], offset: number): ListedLogprobs => {
  let at = offset
  const offsets = entries.map(({ token }) => {
    const begins = at
    at += token.length
    return begins
  })
  return {
    tokens: entries.map(({ token }) => token),
    token_logprobs: entries.map(({ logprob }) => logprob),
    top_logprobs: entries.some(({ top }) => top.length > 0)
      ? entries.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])))
      : null,
    text_offset: offsets,
  }
}
