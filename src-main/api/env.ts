import type { HttpBindings } from '@hono/node-server'
import type { KeyVariables } from './middleware/access'
import type { OriginVariables } from './middleware/origin'

/** What Hono's handlers find in their context. */
export interface ApiEnv {
  Bindings: HttpBindings
  Variables: OriginVariables & { ignoredFields?: string } & KeyVariables
}
