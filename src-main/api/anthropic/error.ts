import { randomUUID } from 'node:crypto'
import type { Problem } from '../problem'

/** The request id that identifies one request in errors and logs. */
export const newRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`

/** Anthropic's error types by status. A 503 is reported like Anthropic's 529: retry later. */
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

/** Anthropic's non-standard status for "overloaded_error", at which its clients retry. */
const OVERLOADED: number = 529

/** The HTTP status in this dialect: a full queue is reported as 529. */
export const anthropicStatus = ({ status, code }: Problem): Problem['status'] =>
  code === 'overloaded' ? (OVERLOADED as Problem['status']) : status

/** Clients match these words to detect that the conversation must be shortened. */
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
