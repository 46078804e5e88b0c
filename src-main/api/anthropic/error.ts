import { randomUUID } from 'node:crypto'
import type { Problem } from '../problem'

/** What identifies one request to whoever reads about it. */
export const newRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`

/** Anthropic's name for what a status means. A 503 is what its own 529 is: come back later. */
const typeOf = (status: number): string => {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 503:
      return 'overloaded_error'
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}

/** Anthropic's own, which no standard names: "overloaded_error". Its clients know it and come back. */
const OVERLOADED: number = 529

/** The status of an error there: that too many requests wait has one of its own. */
export const anthropicStatus = ({ status, code }: Problem): Problem['status'] =>
  code === 'overloaded' ? (OVERLOADED as Problem['status']) : status

/** Clients look for these words to know that they should shorten the conversation. */
const TOO_LONG = 'prompt is too long: '

/** Anthropic's error object, see https://docs.anthropic.com/en/api/errors. */
export const anthropicError = ({ status, code, explanation }: Problem, requestId: string): object => ({
  type: 'error',
  error: {
    type: typeOf(status),
    message: code === 'context_length_exceeded' ? `${TOO_LONG}${explanation}` : explanation,
  },
  request_id: requestId,
})
