import type { ErrorCode } from '@core/errors/error-codes'
import { coded, type CodedText } from '@core/texts/coded'
import { CodedError } from '@core/texts/coded-error'
import type { Endpoint } from './endpoint'

export type HubErrorCode = Extract<ErrorCode, `hub_${string}`>

/** A hub request failed: why, and what to do about it. */
export class HubError extends CodedError {
  readonly code: HubErrorCode
  readonly hint: string
  /** From the hub's `Retry-After`. */
  readonly retryAfterMs: number | undefined

  constructor(options: {
    readonly code: HubErrorCode
    readonly what: CodedText
    readonly hint: string
    readonly retryAfterMs?: number | undefined
    readonly cause?: unknown
  }) {
    super(options.what, { cause: options.cause })
    this.name = 'HubError'
    this.code = options.code
    this.hint = options.hint
    this.retryAfterMs = options.retryAfterMs
  }

  /** Whether a retry may succeed without any change by the user. */
  get isTransient(): boolean {
    return this.code === 'hub_unreachable' || this.code === 'hub_busy' || this.code === 'hub_failed'
  }
}

/** Context of a hub request, for error messages. */
export interface HubErrorContext {
  readonly endpoint: Pick<Endpoint, 'kind' | 'host' | 'modelPage' | 'tokenPage'>
  /** The model that was requested, if any. */
  readonly modelId: string | undefined
  readonly withToken: boolean
}

const GET_TOKEN = 'save a token of that account on this machine with `muster hub login`'

const LONGEST_RETRY_AFTER_MS = 600_000

/** `Retry-After` in milliseconds, from seconds or a date; else from the hub's rate-limit header. */
const retryAfterOf = (headers: Pick<Headers, 'get'>, now: number): number | undefined => {
  const given = headers.get('retry-after') ?? /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
  if (given === undefined) return undefined
  const milliseconds = /^\d+$/.test(given.trim()) ? Number(given) * 1000 : Date.parse(given) - now
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), LONGEST_RETRY_AFTER_MS) : undefined
}

const notFound = ({ endpoint: { host }, modelId, withToken }: HubErrorContext): HubError =>
  new HubError({
    code: 'hub_not_found',
    what: coded(withToken ? 'downloads.hub.notFound' : 'downloads.hub.notFoundOrPrivate', {
      model: modelId ?? '',
      host,
    }),
    hint:
      'Is the name right? Expected OWNER/NAME, such as mlx-community/Qwen3-8B-4bit. ' +
      `For a private model, ${GET_TOKEN}.`,
  })

/**
 * Maps an error response to HubError. For missing, private and gated models alike, the hub answers 401 to requests
 * without a token; its own headers tell them apart.
 */
export const errorOfAnswer = (
  { status, headers }: { readonly status: number; readonly headers: Pick<Headers, 'get'> },
  asked: HubErrorContext,
  now: number,
): HubError => {
  const { endpoint, modelId = '', withToken } = asked
  const { host } = endpoint
  const code = headers.get('x-error-code')
  // Hugging Face answers 401 for missing models too; ModelScope only to a bad token.
  const refused =
    headers.get('x-error-message') === 'Invalid credentials in Authorization header' ||
    (status === 401 && withToken && endpoint.kind === 'modelscope')
  if (code === 'GatedRepo') {
    const page = endpoint.modelPage(modelId)
    const license = `accept the license of ${modelId} at ${page}`
    return new HubError({
      code: 'hub_gated',
      what: coded('downloads.hub.gated', { model: modelId, page }),
      hint: withToken
        ? `With the account whose token this machine has, ${license}; the download then continues by itself.`
        : `With an account there, ${license}; then ${GET_TOKEN}.`,
    })
  }
  if (refused || (status === 403 && withToken)) {
    return new HubError({
      code: 'hub_token_refused',
      what: coded('downloads.hub.tokenRefused', { host, page: endpoint.tokenPage }),
      hint: `It may have expired, or may not read ${modelId || 'models'}. Make a new one at ${endpoint.tokenPage}, and save it: \`muster hub login\`.`,
    })
  }
  if (status === 401 || status === 403 || status === 404) return notFound(asked)
  if (status === 429) {
    const retryAfterMs = retryAfterOf(headers, now)
    const wait = retryAfterMs === undefined ? 'a few minutes' : `${Math.ceil(retryAfterMs / 1000)} s`
    return new HubError({
      code: 'hub_busy',
      what: coded('downloads.hub.busy', { host }),
      hint: `Wait ${wait}. ${withToken ? '' : `It takes more from those who have an account: ${GET_TOKEN}.`}`.trim(),
      retryAfterMs,
    })
  }
  return new HubError({
    code: 'hub_failed',
    what: coded('downloads.hub.failed', { host, status: String(status) }),
    hint: 'Try again in a few minutes.',
    retryAfterMs: retryAfterOf(headers, now),
  })
}
