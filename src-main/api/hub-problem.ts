import type { ErrorCode } from '@core/errors/error-codes'
import { Problem, type Explained } from './problem'

const RETRY_AFTER_SECONDS = 30

const statusOf = (code: ErrorCode): 400 | 404 | 409 | 503 => {
  switch (code) {
    case 'hub_not_found':
    case 'not_found':
      return 404
    case 'in_use':
    case 'not_ours':
    case 'hub_offline':
      return 409
    case 'download_failed':
    case 'unreachable':
    case 'hub_unreachable':
    case 'hub_busy':
    case 'hub_failed':
    case 'hub_nonsense':
      return 503
    default:
      return 400
  }
}

/** Maps a failure of a hub or of this machine's disk to an error response. */
export const hubProblem = (error: Explained, more: { readonly param?: string } = {}): Problem => {
  const status = statusOf(error.code)
  const retryAfterMs =
    'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : undefined
  const retryAfter = retryAfterMs === undefined ? RETRY_AFTER_SECONDS : Math.ceil(retryAfterMs / 1000)
  return new Problem(status, error.code, error.message, {
    hint: error.hint,
    ...more,
    ...(status === 503 && { retryAfter }),
  })
}
