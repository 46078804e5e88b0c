import type { HttpBindings } from '@hono/node-server'
import type { KeyVariables } from './middleware/access'
import type { OriginVariables } from './middleware/origin'

/** Rate limit state, for handlers that write to the socket themselves. */
interface RateLimitVariables {
  /** Response headers. */
  rateLimits?: Readonly<Record<string, string>>
}

/** Response headers of an answer, for handlers that write to the socket themselves. */
interface AnswerVariables {
  ignoredFields?: string
  queued?: string
  /** Anthropic's id of the request. */
  requestId?: string
}

/** Types of Hono's context variables and bindings. */
export interface ApiEnv {
  Bindings: HttpBindings
  Variables: OriginVariables & AnswerVariables & KeyVariables & RateLimitVariables
}
