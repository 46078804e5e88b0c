import { problemSaid, t } from '../state/texts.svelte'

/** An answer that is an error: what happened, and what to do. */
export class ApiError extends Error {
  readonly hint: string | undefined
  readonly details: unknown
  /** The node said it, in English; other errors are in the language of the window. */
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

/** The three parts of an error as people read it: the first is what the reader wanted. */
export interface ProblemText {
  readonly what: string
  readonly why: string
  readonly todo: string | undefined
  /** The node's own words, where the reader has them in another language. */
  readonly original?: string
}

const withPeriod = (text: string): string => (/[.?!…。？！]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

export const problemText = (what: string, error: unknown): ProblemText => {
  const why = withPeriod(error instanceof Error ? error.message : String(error))
  const todo = error instanceof ApiError && error.hint !== undefined ? withPeriod(error.hint) : undefined
  const translated = error instanceof ApiError && error.isOfNode ? problemSaid(error.code) : undefined
  if (translated === undefined) return { what: withPeriod(what), why, todo }
  const original = todo === undefined ? why : `${why} ${todo}`
  return { what: withPeriod(what), why: translated, todo: undefined, original }
}

/** What a person sends to whoever helps them. */
export const problemDetails = (what: string, error: unknown): string => {
  const { why, todo, original } = problemText(what, error)
  const code = error instanceof ApiError ? t('app.problemCode', { code: error.code }) : undefined
  const details = error instanceof ApiError && error.details !== undefined ? JSON.stringify(error.details) : undefined
  return [what, why, todo, original, code, details].filter((part) => part !== undefined).join('\n')
}
