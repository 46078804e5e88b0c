import type { Part } from './conversation'
import type { GenerationRequest, Prompt } from './request'

/** Queue limit of one instance over all keys; further requests are refused. */
export const MAX_WAITING = 1000
/** Queue limit of one key per instance: below the total, so that other keys still find room. */
export const MAX_WAITING_OF_KEY = 600

const LONGEST_RETRY_SECONDS = 60
/** Assumed service time in milliseconds while no request has been answered yet. */
const USUAL_SERVICE_MS = 5000
/** Weight of the latest request in the moving average. */
const LATEST_WEIGHT = 0.2

/** Exponential moving average of the service time, in milliseconds. */
export const meanServiceMs = (before: number | undefined, latest: number): number =>
  before === undefined ? latest : before + LATEST_WEIGHT * (latest - before)

export interface Waiting {
  /** Current average; undefined before the first sample. */
  readonly serviceMs: number | undefined
  readonly waiting: number
  readonly batchSize: number
}

/**
 * Returns `Retry-After` in whole seconds, 1 to 60, for a refused request: the time until half of the queue has been
 * dequeued, if each slot of the batch becomes free every `serviceMs`.
 */
export const retryAfterSeconds = ({ serviceMs = USUAL_SERVICE_MS, waiting, batchSize }: Waiting): number => {
  const seconds = (serviceMs * (waiting / 2)) / Math.max(1, batchSize) / 1000
  return Math.min(LONGEST_RETRY_SECONDS, Math.max(1, Math.ceil(seconds)))
}

/** Estimates the tokens of a request, prompt and completion, without its tokenizer. */
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

/** Images count as 0: their token count depends on the model, never on the file size. */
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
