import { t } from '../state/texts.svelte'

/** An answer that is an error: what happened, and what to do. */
export class ApiError extends Error {
  readonly hint: string | undefined
  readonly details: unknown

  constructor(
    readonly code: string,
    message: string,
    { hint, details, cause }: { hint?: string | undefined; details?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.name = 'ApiError'
    this.hint = hint
    this.details = details
  }
}

export const unreachable = (cause?: unknown): ApiError =>
  new ApiError('unreachable', t('app.unreachable'), {
    hint: t('app.unreachableHint'),
    cause,
  })

export const unexpected = (cause?: unknown): ApiError =>
  new ApiError('unexpected', t('app.unexpected'), {
    hint: t('app.unexpectedHint'),
    cause,
  })

/** The three parts of an error as people read it: the first is what the reader wanted. */
export interface ProblemText {
  readonly what: string
  readonly why: string
  readonly todo: string | undefined
}

const withPeriod = (text: string): string => (/[.?!…。？！]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

export const problemText = (what: string, error: unknown): ProblemText => ({
  what: withPeriod(what),
  why: withPeriod(error instanceof Error ? error.message : String(error)),
  todo: error instanceof ApiError && error.hint !== undefined ? withPeriod(error.hint) : undefined,
})

/** What a person sends to whoever helps them. */
export const problemDetails = (what: string, error: unknown): string => {
  const { why, todo } = problemText(what, error)
  const code = error instanceof ApiError ? t('app.problemCode', { code: error.code }) : undefined
  const details = error instanceof ApiError && error.details !== undefined ? JSON.stringify(error.details) : undefined
  return [what, why, todo, code, details].filter((part) => part !== undefined).join('\n')
}
