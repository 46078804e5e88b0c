import { CLUSTER_ERRORS } from './cluster-errors'
import type { DescribedError } from './described-error'
import { GENERATION_ERRORS } from './generation-errors'
import { MODEL_ERRORS } from './model-errors'
import { NODE_ERRORS } from './node-errors'
import { PLACEMENT_ERRORS } from './placement-errors'
import { REQUEST_ERRORS } from './request-errors'

const ERRORS = {
  ...REQUEST_ERRORS,
  ...GENERATION_ERRORS,
  ...PLACEMENT_ERRORS,
  ...MODEL_ERRORS,
  ...NODE_ERRORS,
  ...CLUSTER_ERRORS,
} as const

/** An error code of the API. Codes are never renamed, because programs compare them. */
export type ErrorCode = keyof typeof ERRORS

/** HTTP statuses that a code can be sent with. */
export type StatusOf<Code extends ErrorCode> = (typeof ERRORS)[Code]['statuses'][number]

/** Whether a code from outside, such as another member's, is known to this version. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code)

/** All codes by topic, for pages that list them. */
export const ERROR_GROUPS: readonly {
  readonly title: string
  readonly errors: Readonly<Record<string, DescribedError>>
}[] = [
  { title: 'Requests', errors: REQUEST_ERRORS },
  { title: 'Answers of models', errors: GENERATION_ERRORS },
  { title: 'Placement', errors: PLACEMENT_ERRORS },
  { title: 'Models and the hub', errors: MODEL_ERRORS },
  { title: 'The node', errors: NODE_ERRORS },
  { title: 'The cluster', errors: CLUSTER_ERRORS },
]
