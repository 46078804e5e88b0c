import type { GenerationUpdate } from '@core/generation/stream'
import { Problem } from './problem'

const RETRY_AFTER_SECONDS = 5

/**
 * Maps a failed generation to an error response: what was wrong with the request, or when to retry.
 *
 * @param tooLong the field to blame if the text exceeds the context
 */
export const failureOf = (
  { code, message, retryAfter = RETRY_AFTER_SECONDS }: Extract<GenerationUpdate, { type: 'failed' }>,
  { tooLong = 'messages' }: { readonly tooLong?: string } = {},
): Problem => {
  switch (code) {
    case 'model_not_found':
      return new Problem(404, code, message, { param: 'model' })
    case 'context_length_exceeded':
      return new Problem(400, code, message, { param: tooLong })
    case 'invalid_request':
    case 'unsupported':
    case 'ended_runners':
      return new Problem(400, code, message)
    case 'model_unavailable':
    case 'runner_failed':
    case 'overloaded':
      return new Problem(503, code, message, { retryAfter })
    case 'too_many_requests':
      return new Problem(429, code, message, { retryAfter })
  }
}
