import type { ErrorCode } from '../errors/error-codes'

/**
 * What each error of the API means to a reader of that language, and what to do. English has none: the node's own
 * message is English, and names what this says in general.
 */
export type ProblemTexts = Readonly<Record<ErrorCode, string>>
