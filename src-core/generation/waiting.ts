import type { Part } from './conversation'
import type { GenerationRequest, Prompt } from './request'

/** Requests that wait for one instance, of all keys; the next one is refused. */
export const MAX_WAITING = 1000
/** Requests of one key that wait for one instance: less than there is room for, so that others find some. */
export const MAX_WAITING_OF_KEY = 600

const LONGEST_RETRY_SECONDS = 60
/** Taken for the time that a request takes where none has been answered yet, in milliseconds. */
const USUAL_SERVICE_MS = 5000
/** Weight of the latest request in the running mean. */
const LATEST_WEIGHT = 0.2

/** Running mean of how long requests took, in milliseconds; the latest ones count most. */
export const meanServiceMs = (before: number | undefined, latest: number): number =>
  before === undefined ? latest : before + LATEST_WEIGHT * (latest - before)

export interface Waiting {
  /** Of late; undefined where nothing is known. */
  readonly serviceMs: number | undefined
  readonly waiting: number
  readonly batchSize: number
}

/**
 * Whole seconds after which a refused request is worth sending again, 1 to 60: until half of those that wait have been
 * taken, when each place in the batch is free again after `serviceMs`.
 */
export const retryAfterSeconds = ({ serviceMs = USUAL_SERVICE_MS, waiting, batchSize }: Waiting): number => {
  const seconds = (serviceMs * (waiting / 2)) / Math.max(1, batchSize) / 1000
  return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(seconds)))
}

/** Tokens that a request is likely to be, prompt and answer: a rough measure, made without its tokenizer. */
export const estimatedTokens = ({ prompt, maxTokens = 0 }: Pick<GenerationRequest, 'prompt' | 'maxTokens'>): number =>
  Math.ceil(charactersOf(prompt) / CHARACTERS_PER_TOKEN) + maxTokens

const CHARACTERS_PER_TOKEN = 4

const charactersOf = (prompt: Prompt): number => {
  switch (prompt.kind) {
    case 'text':
      return prompt.text.length
    case 'tokens':
      return prompt.tokens.length * CHARACTERS_PER_TOKEN
    case 'embed':
      return prompt.inputs.reduce(
        (total, input) => total + input.length * (typeof input === 'string' ? 1 : CHARACTERS_PER_TOKEN),
        0,
      )
    case 'chat':
      return sum(prompt.messages.flatMap(({ parts }) => parts.flatMap(textsOf)))
  }
}

const sum = (texts: readonly string[]): number => texts.reduce((total, { length }) => total + length, 0)

/** Pictures count as nothing: how many tokens one is differs by model, and never by its bytes. */
const textsOf = (part: Part): string[] => {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return [part.text]
    case 'toolCall':
      return [part.arguments]
    case 'toolResult':
      return part.content.flatMap((given) => (given.type === 'text' ? [given.text] : []))
    case 'image':
      return []
  }
}
