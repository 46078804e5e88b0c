import { setMaxListeners } from 'node:events'
import type { Context } from 'hono'
import { LOCAL_KEY, type ApiRequest, type Prompt } from '@core/generation/request'
import { ModelId } from '@core/ids'
import { targetOf } from '@core/generation/route'
import type { GenerationUpdate, Usage } from '@core/generation/stream'
import { estimatedTokens } from '@core/generation/waiting'
import { Traceparent } from '@core/tracing/tracer'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'
import { answerOf } from './pictures'
import { rateLimited, rateLimitHeaders } from './rate-limits'

type Needed = Pick<ApiContext, 'serving' | 'keys' | 'source' | 'catalogue'>

/**
 * Starts the generations of one HTTP request, in the order of `requests`, and records their usage. Throws Problem if a
 * limit of the API key is reached. `signal` aborts when the HTTP request is over.
 */
export const askAll = (
  c: Context<ApiEnv>,
  context: Needed,
  requests: readonly ApiRequest[],
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate>[] => {
  const { serving, keys } = context
  const key = c.get('apiKeyId')
  // An unreadable `traceparent` starts a new trace, as W3C Trace Context requires.
  const traceparent = Traceparent.safeParse(c.req.header('traceparent')).data
  const expected = requests.reduce((sum, request) => sum + (request.countOnly ? 0 : estimatedTokens(request)), 0)
  const metered = keys.begin(key, expected)
  const headers = rateLimitHeaders(metered.standings)
  c.set('rateLimits', headers)
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (metered.verdict.kind === 'refused') throw rateLimited(metered.verdict)

  let tokens = 0
  let left = requests.length
  // Choices share one prompt, which is computed and counted once.
  const prompts = new Set<Prompt>()
  // Every choice and prompt adds several listeners; without a higher limit Node warns of a leak.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', () => metered.end(tokens), { once: true })
  return requests.map((request) => {
    const first = !prompts.has(request.prompt)
    prompts.add(request.prompt)
    const updates = answerOf(context, request, () => serving.generate(request, { signal, key, traceparent }))
    return counted(withQueueHeader(c, updates), (usage) => {
      const { promptTokens, cachedTokens, completionTokens } = usage
      const prompt = first ? { promptTokens, cachedTokens } : { promptTokens: 0, cachedTokens: 0 }
      // Token counts and failures without output are not recorded as usage.
      if (!request.countOnly && promptTokens + completionTokens > 0) {
        tokens += prompt.promptTokens + completionTokens
        record(c, context, request, { ...prompt, completionTokens })
      }
      left -= 1
      if (left === 0) metered.end(tokens)
    })
  })
}

/** The same for a single generation, the common case. */
export const ask = (
  c: Context<ApiEnv>,
  context: Needed,
  request: ApiRequest,
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate> => {
  const [updates] = askAll(c, context, [request], signal)
  if (!updates) throw new Error('bug: a request without an answer')
  return updates
}

const record = (
  c: Context<ApiEnv>,
  { keys, source }: Needed,
  { model }: ApiRequest,
  used: Pick<Usage, 'promptTokens' | 'cachedTokens' | 'completionTokens'>,
): void => {
  const { metaInstances, instances } = targetOf(source.state(), model)
  // A model loaded on request may be unloaded as soon as it has answered; then the requested name is its id.
  const modelId = metaInstances[0]?.modelId ?? instances[0]?.modelId ?? ModelId.safeParse(model).data
  if (modelId === undefined) return
  const userAgent = c.req.header('user-agent')
  keys.used({
    key: c.get('apiKeyId') ?? LOCAL_KEY,
    modelId,
    counts: { requests: 1, ...used },
    at: Date.now(),
    userAgent,
  })
}

/** Header with the number of requests ahead of this one when it was queued; absent if it was not queued. */
const QUEUED_HEADER = 'x-muster-queued'

/**
 * Forwards updates and sets the header at the first queue position. Whole answers always carry it, streams only if
 * their headers were not sent before. Ollama's JSON lines have no other way to report the position.
 */
async function* withQueueHeader(
  c: Context<ApiEnv>,
  updates: AsyncIterable<GenerationUpdate>,
): AsyncGenerator<GenerationUpdate> {
  for await (const update of updates) {
    if (update.type === 'progress' && update.ahead !== undefined && c.get('queued') === undefined) {
      c.set('queued', String(update.ahead))
      c.header(QUEUED_HEADER, String(update.ahead))
    }
    yield update
  }
}

/** Forwards updates and reports usage once. A stream that broke off is counted by the tokens seen so far. */
async function* counted(
  updates: AsyncIterable<GenerationUpdate>,
  onUsage: (usage: Usage) => void,
): AsyncGenerator<GenerationUpdate> {
  const seen = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 }
  let usage: Usage | undefined
  try {
    for await (const update of updates) {
      if (update.type === 'delta') seen.completionTokens += update.tokens
      if (update.type === 'finished') usage = update.usage
      yield update
    }
  } finally {
    onUsage(usage ?? seen)
  }
}
