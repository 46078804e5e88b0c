import { ANSWER_TOKENS, CLIENTS, promptOf, promptSizes, SHORT_PROMPT_TOKENS, wordsFor } from '@core/benchmark/prompts'
import type { ClientRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { BenchmarkFigures, BenchmarkStep } from '@core/protocols/benchmark'

/** Runs a request on the placement under test. */
export type Generate = (request: Omit<ClientRequest, 'model'>, signal: AbortSignal) => AsyncIterable<GenerationUpdate>

export interface MeasureOptions {
  readonly generate: Generate
  /** Maximum tokens of prompt and answer together. */
  readonly contextLength: number | undefined
  readonly signal: AbortSignal
  /** A word that no earlier prompt began with, to defeat the prefix cache. */
  readonly nonce: () => string
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Called before each step, with the figures measured so far. */
  readonly onStep: (step: BenchmarkStep, figures: BenchmarkFigures) => void
}

interface Answered {
  readonly firstAt: number
  readonly lastAt: number
  readonly startedAt: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** Runs one request to its end. Throws Error if it fails or is cancelled. */
const ask = async (
  { generate, signal, now }: MeasureOptions,
  request: { readonly text: string; readonly maxTokens: number; readonly countOnly?: boolean },
): Promise<Answered> => {
  const startedAt = now()
  let [firstAt, lastAt] = [startedAt, startedAt]
  let isFirst = true
  const { text, maxTokens, countOnly } = request
  const updates = generate(
    {
      prompt: { kind: 'text', text },
      // Equal answer lengths: the model's end of text is ignored.
      sampling: { temperature: 0, ignoreEos: true },
      maxTokens,
      stop: [],
      ...(countOnly && { countOnly }),
    },
    signal,
  )
  for await (const update of updates) {
    if (update.type === 'failed') throw new Error(update.message)
    if (update.type === 'delta') {
      lastAt = now()
      if (isFirst) firstAt = lastAt
      isFirst = false
    }
    if (update.type !== 'finished') continue
    if (update.reason === 'cancelled' || signal.aborted) throw new Error('it was cancelled')
    const { promptTokens, completionTokens } = update.usage
    return { startedAt, firstAt, lastAt, promptTokens, completionTokens }
  }
  throw new Error('it ended without an answer')
}

/** Runs several requests concurrently. If one fails, aborts the others and waits for them. */
const askTogether = async (
  options: MeasureOptions,
  texts: readonly string[],
  maxTokens: number,
): Promise<readonly Answered[]> => {
  const others = new AbortController()
  const signal = AbortSignal.any([options.signal, others.signal])
  const answers = texts.map((text) => ask({ ...options, signal }, { text, maxTokens }))
  try {
    return await Promise.all(answers)
  } finally {
    others.abort()
    await Promise.allSettled(answers)
  }
}

const perSecond = (tokens: number, milliseconds: number): number => (1000 * tokens) / Math.max(1, milliseconds)

const SAMPLE_WORDS = 256

/**
 * Measures one placement: single-client speed, concurrent throughput, and time to first token for uncached prompts.
 * Throws Error if a request fails or is cancelled.
 */
export const measure = async (options: MeasureOptions): Promise<BenchmarkFigures> => {
  const { contextLength, nonce, onStep } = options
  let figures: BenchmarkFigures = { firstToken: [] }
  const room = contextLength === undefined ? ANSWER_TOKENS : contextLength - SHORT_PROMPT_TOKENS
  const maxTokens = Math.max(1, Math.min(ANSWER_TOKENS, room))
  onStep({ kind: 'words' }, figures)
  const words = Math.max(1, Math.min(SAMPLE_WORDS, Math.floor((contextLength ?? Infinity) / 8)))
  const counted = await ask(options, { text: promptOf(words, nonce()), maxTokens: 1, countOnly: true })
  const sample = { words, tokens: counted.promptTokens }
  const short = (): string => promptOf(wordsFor(Math.min(SHORT_PROMPT_TOKENS, counted.promptTokens), sample), nonce())

  onStep({ kind: 'clients', clients: 1 }, figures)
  // Warm-up: the first request after a pause compiles kernels and fills caches.
  await ask(options, { text: short(), maxTokens: Math.min(8, maxTokens) })
  const alone = await ask(options, { text: short(), maxTokens })
  if (alone.completionTokens > 1)
    figures = { ...figures, oneClient: perSecond(alone.completionTokens - 1, alone.lastAt - alone.firstAt) }

  onStep({ kind: 'clients', clients: CLIENTS }, figures)
  const several = await askTogether(options, Array.from({ length: CLIENTS }, short), maxTokens)
  const began = Math.min(...several.map(({ startedAt }) => startedAt))
  const ended = Math.max(...several.map(({ lastAt }) => lastAt))
  const tokens = several.reduce((sum, { completionTokens }) => sum + completionTokens, 0)
  figures = { ...figures, severalClients: { clients: CLIENTS, tokensPerSecond: perSecond(tokens, ended - began) } }

  for (const size of promptSizes(contextLength)) {
    onStep({ kind: 'prompt', tokens: size }, figures)
    const one = await ask(options, { text: promptOf(wordsFor(size, sample), nonce()), maxTokens: 1 })
    const first = { promptTokens: one.promptTokens, milliseconds: one.firstAt - one.startedAt }
    figures = { ...figures, firstToken: [...figures.firstToken, first] }
  }
  return figures
}
