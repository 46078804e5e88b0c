import type { HttpBindings } from '@hono/node-server'
import type { KeyVariables } from './middleware/access'
import type { OriginVariables } from './middleware/origin'

/** What handlers that write to the socket themselves must know of the limits of a key. */
interface RateLimitVariables {
  /** Headers of the answer. */
  rateLimits?: Readonly<Record<string, string>>
}

/** What Hono's handlers find in their context. */
export interface ApiEnv {
  Bindings: HttpBindings
  Variables: OriginVariables & { ignoredFields?: string } & KeyVariables & RateLimitVariables
}
