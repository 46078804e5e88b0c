/** Most tokens of each answer. */
export const ANSWER_TOKENS = 128
/** Concurrent clients, when several are measured. */
export const CLIENTS = 4
/** Sizes in tokens of the prompts whose time to first token is measured. */
const PROMPT_TOKENS = [1024, 8192] as const
/** Size in tokens of the prompts used to measure decode speed. */
export const SHORT_PROMPT_TOKENS = 64
/** Context left free for the template and the answer's first token. */
const MARGIN_TOKENS = 64

const WORDS = ['river', 'stone', 'window', 'letter', 'garden', 'number', 'silver', 'market', 'paper', 'winter']

/** Returns a text of this many words with a unique start, so that no prefix of it is cached. */
export const promptOf = (words: number, nonce: string): string => {
  const text = [nonce]
  for (let word = 1; word < words; word += 1) text.push(WORDS[(word * word + word) % WORDS.length] ?? 'word')
  return text.join(' ')
}

/** Converts a number of tokens to words, by the ratio of a sample. */
export const wordsFor = (tokens: number, sample: { readonly words: number; readonly tokens: number }): number =>
  Math.max(1, Math.floor((tokens * sample.words) / Math.max(1, sample.tokens)))

/** Returns the prompt sizes that fit a model: truncated to its context, without duplicates. */
export const promptSizes = (contextLength: number | undefined): number[] => {
  const most = (contextLength ?? Infinity) - MARGIN_TOKENS
  const sizes = PROMPT_TOKENS.map((tokens) => Math.min(tokens, most)).filter((tokens) => tokens > 0)
  return [...new Set(sizes)]
}
