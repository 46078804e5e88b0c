import type { Context } from 'hono'
import type { Problem } from './problem'

const openaiType = (status: number): string => {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 404) return 'not_found_error'
  if (status === 503) return 'service_unavailable'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** OpenAI's error object. */
export const openaiError = ({ status, code, message, more }: Problem): object => ({
  error: {
    message: more.hint === undefined ? message : `${message}. ${more.hint}`,
    type: openaiType(status),
    param: more.param ?? null,
    code,
  },
})

const controlError = ({ code, message, more }: Problem): object => {
  const { hint, details } = more
  return { error: { code, message, ...(hint !== undefined && { hint }), ...(details !== undefined && { details }) } }
}

/** An error in the shape that the route's clients know. */
export const respondWith = (c: Context, problem: Problem): Response => {
  if (problem.more.retryAfter !== undefined) c.header('retry-after', String(problem.more.retryAfter))
  return c.json(c.req.path.startsWith('/v1/') ? openaiError(problem) : controlError(problem), problem.status)
}
