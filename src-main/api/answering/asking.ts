import type { Context } from 'hono'
import type { ApiRequest } from '@core/generation/request'
import type { GenerationUpdate } from '@core/generation/stream'
import type { ApiContext } from '../context'
import type { ApiEnv } from '../env'

/** Streams the answers to what one client asks in one request of HTTP, in the order of `requests`. */
export const askAll = (
  c: Context<ApiEnv>,
  { serving }: Pick<ApiContext, 'serving'>,
  requests: readonly ApiRequest[],
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate>[] => {
  const key = c.get('apiKeyId')
  return requests.map((request) => serving.generate(request, { signal, key }))
}

/** The same for the one request that most of them are. */
export const ask = (
  c: Context<ApiEnv>,
  context: Pick<ApiContext, 'serving'>,
  request: ApiRequest,
  signal: AbortSignal,
): AsyncIterable<GenerationUpdate> => {
  const [updates] = askAll(c, context, [request], signal)
  if (!updates) throw new Error('a request has an answer')
  return updates
}
