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

/** A code that the API answers with. Codes are never renamed: programs compare them. */
export type ErrorCode = keyof typeof ERRORS

/** The statuses that an answer with that code may have. */
export type StatusOf<Code extends ErrorCode> = (typeof ERRORS)[Code]['statuses'][number]

/** Whether a code from outside, another member's for example, is one that this version knows. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(ERRORS, code)

/** When an error happens and what to do. */
export const describedError = (code: ErrorCode): DescribedError => ERRORS[code]

/** All codes by what they are about, for pages that list them. */
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
