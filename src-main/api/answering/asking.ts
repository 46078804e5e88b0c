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
 * Streams the answers to what one client asks in one request of HTTP, in the order of `requests`, and counts what they
 * use. Throws Problem where the limits of its key are reached. `signal` aborts when the request of HTTP is over.
 */
export const askAll = (
  c: Context<ApiEnv>,
  context: Needed,
  requests: readonly ApiRequest[],
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate>[] => {
  const { serving, keys } = context
  const key = c.get('apiKeyId')
  // One that cannot be read begins a new trace, as W3C has it.
  const traceparent = Traceparent.safeParse(c.req.header('traceparent')).data
  const expected = requests.reduce((sum, request) => sum + (request.countOnly ? 0 : estimatedTokens(request)), 0)
  const metered = keys.begin(key, expected)
  const headers = rateLimitHeaders(metered.standings)
  c.set('rateLimits', headers)
  for (const [name, value] of Object.entries(headers)) c.header(name, value)
  if (metered.verdict.kind === 'refused') throw rateLimited(metered.verdict)

  let tokens = 0
  let left = requests.length
  // Choices are of one prompt, which is computed and counted once.
  const prompts = new Set<Prompt>()
  // Every choice and prompt listens to it in several places, which Node takes for a leak.
  setMaxListeners(0, signal)
  signal.addEventListener('abort', () => metered.end(tokens), { once: true })
  return requests.map((request) => {
    const first = !prompts.has(request.prompt)
    prompts.add(request.prompt)
    const updates = answerOf(context, request, () => serving.generate(request, { signal, key, traceparent }))
    return counted(updates, (usage) => {
      const { promptTokens, cachedTokens, completionTokens } = usage
      const prompt = first ? { promptTokens, cachedTokens } : { promptTokens: 0, cachedTokens: 0 }
      // What only counted, or came to nothing, is no use of the model.
      if (!request.countOnly && promptTokens + completionTokens > 0) {
        tokens += prompt.promptTokens + completionTokens
        record(c, context, request, { ...prompt, completionTokens })
      }
      left -= 1
      if (left === 0) metered.end(tokens)
    })
  })
}

/** The same for the one request that most of them are. */
export const ask = (
  c: Context<ApiEnv>,
  context: Needed,
  request: ApiRequest,
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate> => {
  const [updates] = askAll(c, context, [request], signal)
  if (!updates) throw new Error('a request has an answer')
  return updates
}

const record = (
  c: Context<ApiEnv>,
  { keys, source }: Needed,
  { model }: ApiRequest,
  used: Pick<Usage, 'promptTokens' | 'cachedTokens' | 'completionTokens'>,
): void => {
  const { metaInstances, instances } = targetOf(source.state(), model)
  // Loaded on request, it may have ended with its answer: what was asked for is then its id.
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

/** Passes updates on; says once what an answer used, also one that broke off: then as far as its tokens were seen. */
async function* counted(
  updates: AsyncIterable<GenerationUpdate>,
  tell: (usage: Usage) => void,
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
    tell(usage ?? seen)
  }
}
