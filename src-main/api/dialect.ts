import type { Context } from 'hono'
import { anthropicError, anthropicStatus, newRequestId } from './anthropic/error'
import { ollamaError } from './ollama/error'
import type { Problem } from './problem'

/** OpenAI's and Anthropic's routes, also available without `/v1`. */
const OPENAI_PATH = /^\/(?:v1|messages|chat\/completions|completions|responses|embeddings|cancel)(?:\/|$)/

/** The API whose error format a route uses. */
export type Dialect = 'openai' | 'anthropic' | 'ollama' | 'control'

/** The dialect of a route if the request itself does not indicate one. */
export const dialectAt = (path: string): Dialect => {
  if (isOllamas(path)) return 'ollama'
  if (!OPENAI_PATH.test(path)) return 'control'
  return /^(?:\/v1)?\/messages(?:\/|$)/.test(path) ? 'anthropic' : 'openai'
}

const dialectOf = ({ req }: Context): Dialect => {
  const dialect = dialectAt(req.path)
  return dialect === 'openai' && isAnthropic(req) ? 'anthropic' : dialect
}

export const isOllamas = (path: string): boolean => path.startsWith('/api/')

/** Whether the client uses Anthropic's API: some routes exist in both APIs with different answers. */
export const isAnthropic = (req: Context['req']): boolean => req.header('anthropic-version') !== undefined

const openaiType = (status: number): string => {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 429) return 'rate_limit_error'
  if (status === 503) return 'service_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** OpenAI's error object. */
export const openaiError = ({ status, code, explanation, more }: Problem): object => ({
  error: { message: explanation, type: openaiType(status), param: more.param ?? null, code },
})

const controlError = ({ code, message, more }: Problem): object => {
  const { hint, details } = more
  return { error: { code, message, ...(hint !== undefined && { hint }), ...(details !== undefined && { details }) } }
}

/** An error in the format of the route's dialect. */
export const respondWith = (c: Context, problem: Problem): Response => {
  if (problem.more.retryAfter !== undefined) c.header('retry-after', String(problem.more.retryAfter))
  switch (dialectOf(c)) {
    case 'openai':
      return c.json(openaiError(problem), problem.status)
    case 'anthropic': {
      const requestId = newRequestId()
      c.header('request-id', requestId)
      return c.json(anthropicError(problem, requestId), anthropicStatus(problem))
    }
    case 'ollama':
      return c.json(ollamaError(problem), problem.status)
    case 'control':
      return c.json(controlError(problem), problem.status)
  }
}
