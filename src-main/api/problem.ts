import type { ZodError } from 'zod'
import { isErrorCode, type ErrorCode, type StatusOf } from '@core/errors/error-codes'
import { invalidFields, sentence } from './invalid-fields'
import { sentPath } from './sent-names'

/**
 * An error response: what happened, and what to do. Each dialect writes it in its own format. Code and status are among
 * those that `@core/errors` describes.
 */
export class Problem<Code extends ErrorCode = ErrorCode> extends Error {
  constructor(
    readonly status: StatusOf<Code>,
    readonly code: Code,
    message: string,
    readonly more: {
      readonly hint?: string
      readonly details?: unknown
      readonly param?: string
      readonly retryAfter?: number
    } = {},
  ) {
    super(message)
    this.name = 'Problem'
  }

  /** Message and hint, for dialects whose errors have a single text. */
  get explanation(): string {
    return this.more.hint === undefined ? this.message : `${this.message}. ${this.more.hint}`
  }
}

/** An error of another module that has a hint. */
export interface Explained extends Error {
  readonly code: ErrorCode
  readonly hint: string
}

export const isExplained = (error: unknown): error is Explained =>
  error instanceof Error &&
  'code' in error &&
  isErrorCode(error.code) &&
  'hint' in error &&
  typeof error.hint === 'string'

/** Joins the problems of a body's fields into one sentence, with the names that were sent. */
export const invalid = (error: ZodError, body?: unknown): Problem => {
  const fields = error.issues
    .flatMap((issue) => invalidFields(issue))
    .map(({ path, message }) => ({ path: sentPath(body, path), message }))
  const [first] = fields
  const param = first && first.path.length > 0 ? { param: first.path.join('.') } : {}
  const message = fields.slice(0, 5).map(sentence).join('; ')
  return new Problem(400, 'invalid_request', message, { ...param, details: fields.slice(0, 20) })
}
