import { problemMeaning, t } from '../state/texts.svelte'

/** An error response: what happened, and what to do. */
export class ApiError extends Error {
  readonly hint: string | undefined
  readonly details: unknown
  /** The message comes from the node, in English; other errors are in the window's language. */
  readonly isOfNode: boolean

  constructor(
    readonly code: string,
    message: string,
    {
      hint,
      details,
      cause,
      isOfNode = false,
    }: { hint?: string | undefined; details?: unknown; cause?: unknown; isOfNode?: boolean } = {},
  ) {
    super(message, { cause })
    this.name = 'ApiError'
    this.hint = hint
    this.details = details
    this.isOfNode = isOfNode
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

/** The three parts of a shown error: what the user wanted, what happened, what to do. */
export interface ProblemText {
  readonly what: string
  readonly why: string
  readonly todo: string | undefined
  /** The node's English message, if `text` is in another language. */
  readonly original?: string
}

const withPeriod = (text: string): string => (/[.?!…。？！]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

export const problemText = (what: string, error: unknown): ProblemText => {
  const why = withPeriod(error instanceof Error ? error.message : String(error))
  const todo = error instanceof ApiError && error.hint !== undefined ? withPeriod(error.hint) : undefined
  const translated = error instanceof ApiError && error.isOfNode ? problemMeaning(error.code) : undefined
  if (translated === undefined) return { what: withPeriod(what), why, todo }
  const original = todo === undefined ? why : `${why} ${todo}`
  return { what: withPeriod(what), why: translated, todo: undefined, original }
}

/** Text for a bug report or a support request. */
export const problemDetails = (what: string, error: unknown): string => {
  const { why, todo, original } = problemText(what, error)
  const code = error instanceof ApiError ? t('app.problemCode', { code: error.code }) : undefined
  const details = error instanceof ApiError && error.details !== undefined ? JSON.stringify(error.details) : undefined
  return [what, why, todo, original, code, details].filter((part) => part !== undefined).join('\n')
}
