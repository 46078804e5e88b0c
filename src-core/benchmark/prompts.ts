/** Most tokens of each answer. */
export const ANSWER_TOKENS = 128
/** Clients at once, where several are measured. */
export const CLIENTS = 4
/** Tokens of the prompts whose time to the first token is measured. */
export const PROMPT_TOKENS = [1024, 8192] as const
/** Of the prompts to which answers are measured. */
export const SHORT_PROMPT_TOKENS = 64
/** Left free in the context, for the template and the answer's first token. */
const MARGIN_TOKENS = 64

const WORDS = ['river', 'stone', 'window', 'letter', 'garden', 'number', 'silver', 'market', 'paper', 'winter']

/** A text of so many words that begins like no other: nothing of it has been computed before. */
export const promptOf = (words: number, nonce: string): string => {
  const text = [nonce]
  for (let word = 1; word < words; word += 1) text.push(WORDS[(word * word + word) % WORDS.length] ?? 'word')
  return text.join(' ')
}

/** So many words make about so many tokens, as a sample of them did. */
export const wordsFor = (tokens: number, sample: { readonly words: number; readonly tokens: number }): number =>
  Math.max(1, Math.floor((tokens * sample.words) / Math.max(1, sample.tokens)))

/** The sizes of prompts that a model takes: a large one is cut to its context, and left out where that is no longer larger. */
export const promptSizes = (contextLength: number | undefined): number[] => {
  const most = (contextLength ?? Infinity) - MARGIN_TOKENS
  const sizes = PROMPT_TOKENS.map((tokens) => Math.min(tokens, most)).filter((tokens) => tokens > 0)
  return [...new Set(sizes)]
}
